import { readFileSync } from 'node:fs';
import { Cloud, type CloudOptions, type ServerOptions, type TestService, type Unit } from '@taas/lab';
import { silentLogger, systemClock } from '@taas/service';
import type { Store } from '@taas/store';
import type { EtcdProcess, EtcdProcessOptions } from '@taas/store/testing';

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export type StackOptions = NonNullable<CloudOptions['openstack']> &
  Pick<CloudOptions, 'servers'> & {
    /** Options of the servers, over those of the stack. */
    readonly config?: ServerOptions;
    readonly etcd?: Partial<EtcdProcessOptions>;
    /** For the servers, besides the environment of the test. */
    readonly env?: Readonly<Record<string, string>>;
  };

/** A `taas-server` process of the stack. */
export type StackServer = Pick<Unit, 'process' | 'url' | 'health'>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: Readonly<Record<string, never>> | undefined;
  readonly ms: number;
}

/** A cloud without nodes, for attacks on its servers: the real programs with etcd, a Keystone and a Neutron of tokens. */
export class Stack {
  private constructor(
    private readonly cloud: Cloud,
    /** A test may add its own. */
    readonly servers: StackServer[],
    readonly keystone: TestService,
    readonly neutron: TestService,
  ) {}

  static async start({ config, etcd = {}, env = {}, servers, ...openstack }: StackOptions = {}): Promise<Stack> {
    const cloud = await Cloud.start({
      ...{ nodes: [], switch: 'simulated', store: { etcd }, process: 'programs', bindings: 'neutron', openstack },
      ...{ transport: 'either', servers: servers ?? 1, seams: { env: () => env } },
      server: {
        segments: [
          { type: 'vlan', physnet: 'physnet1', first: 3900, last: 3999 },
          { type: 'vxlan', first: 70_000, last: 70_999 },
        ],
        ...config,
      },
      ...{ clock: systemClock, logger: silentLogger },
    });
    if (cloud.openstack === undefined) throw new Error('the stack has no Keystone and Neutron');
    return new Stack(cloud, [...cloud.servers], cloud.openstack.keystone, cloud.openstack.neutron);
  }

  get directory(): string {
    return this.cloud.directory;
  }

  get etcd(): EtcdProcess {
    return this.cloud.etcd;
  }

  get store(): Store {
    return this.cloud.store;
  }

  get url(): string {
    return this.server(0).url;
  }

  server(n: number): StackServer {
    const server = this.servers[n];
    if (server === undefined) throw new Error(`the stack has no server ${n}`);
    return server;
  }

  /** Sends a request to the API; a body that is no string is sent as JSON. */
  call(token: string, method: string, path: string, body?: unknown, headers: object = {}): Promise<Answer> {
    return this.callAt(0, token, method, path, body, headers);
  }

  /** As {@link call}, to one of several servers. */
  async callAt(
    n: number,
    token: string,
    method: string,
    path: string,
    body?: unknown,
    headers: object = {},
  ): Promise<Answer> {
    const from = systemClock.monotonic();
    const answer = await fetch(this.server(n).url + path, {
      method,
      headers: { ...(token === '' ? {} : { 'x-auth-token': token }), 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const { status, headers: answered } = answer;
    return { status, headers: answered, text, json: parsed(text), ms: systemClock.monotonic() - from };
  }

  async put(key: string, value: string): Promise<void> {
    await this.cloud.put(key, value);
  }

  until(what: string, condition: () => Promise<boolean>, timeoutMs?: number): Promise<void> {
    return this.cloud.until(what, condition, timeoutMs);
  }

  log(n = 0): string {
    return readFileSync(this.server(n).process.logFile, 'utf8');
  }

  async stop(): Promise<void> {
    for (const { process } of this.servers) await process.stop('SIGKILL');
    await this.cloud.stop();
  }
}

function parsed(text: string): Answer['json'] {
  try {
    return JSON.parse(text) as Answer['json'];
  } catch {
    return undefined;
  }
}
