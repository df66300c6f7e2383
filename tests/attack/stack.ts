import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ProgramProcess } from '@taas/lab';
import { silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import { type EtcdProcess, type EtcdProcessOptions, launchEtcd } from '@taas/store/testing';
import {
  startTokenKeystone,
  startTokenNeutron,
  type TestService,
  type TokenKeystoneOptions,
  type TokenNeutronOptions,
  type TokenPort,
} from './cloud-of-tokens.js';

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export interface StackOptions {
  /** Neutron's ports by id; a test may change them. */
  readonly ports?: Map<string, TokenPort>;
  /** Options of the servers, over those of the stack. */
  readonly config?: object;
  readonly keystone?: TokenKeystoneOptions;
  readonly neutron?: TokenNeutronOptions;
  readonly etcd?: Partial<EtcdProcessOptions>;
  readonly servers?: number;
  /** For the servers, besides the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A `taas-server` process of the stack. */
export interface StackServer {
  readonly process: ProgramProcess;
  readonly url: string;
  readonly health: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: Readonly<Record<string, never>> | undefined;
  readonly ms: number;
}

/** A real etcd, `taas-server` processes in keystone mode, and a Keystone and a Neutron of tokens (cloud-of-tokens.ts). */
export class Stack {
  readonly servers: StackServer[] = [];

  private constructor(
    readonly directory: string,
    readonly etcd: EtcdProcess,
    readonly store: Store,
    readonly keystone: TestService,
    readonly neutron: TestService,
  ) {}

  static async start(options: StackOptions = {}): Promise<Stack> {
    const directory = mkdtempSync(join(tmpdir(), 'taas-attack-'));
    const etcd = await launchEtcd({ clock: systemClock, ...options.etcd });
    const store = createEtcdStore({
      ...{ endpoints: [etcd.endpoint], clock: systemClock, logger: silentLogger, random: Math.random },
    });
    const keystone = await startTokenKeystone(options.keystone);
    const neutron = await startTokenNeutron(options.ports ?? new Map(), options.neutron);
    const stack = new Stack(directory, etcd, store, keystone, neutron);
    try {
      writeFileSync(join(directory, 'password'), 'secret', { mode: 0o600 });
      for (let n = 0; n < (options.servers ?? 1); n += 1)
        await stack.#startServer(n, options.config ?? {}, options.env);
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
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
    await this.store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
  }

  async until(what: string, condition: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
    const deadline = systemClock.monotonic() + timeoutMs;
    while (!(await condition())) {
      if (systemClock.monotonic() > deadline) throw new Error(`not true after ${timeoutMs} ms: ${what}`);
      await systemClock.sleep(20);
    }
  }

  log(n = 0): string {
    return readFileSync(this.server(n).process.logFile, 'utf8');
  }

  async stop(): Promise<void> {
    for (const { process } of this.servers) await process.stop('SIGKILL');
    await Promise.all([this.keystone.close(), this.neutron.close()]);
    await this.store.close();
    await this.etcd.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #startServer(
    n: number,
    { listen = {}, ...more }: { listen?: object },
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const [api, healthPort] = [await freePort(), await freePort()];
    const config = {
      listen: { host: '127.0.0.1', port: api, ...listen },
      health: { host: '127.0.0.1', port: healthPort },
      etcd: { endpoints: [this.etcd.endpoint], allow_unprotected: true },
      auth: {
        mode: 'keystone',
        keystone: {
          url: `${this.keystone.url}/v3`,
          user_name: 'taas',
          password_file: join(this.directory, 'password'),
        },
      },
      neutron: { url: this.neutron.url, poll_ms: 500 },
      networking_vpp: { bindings: 'neutron' },
      segments: [
        { type: 'vlan', physnet: 'physnet1', first: 3900, last: 3999 },
        { type: 'vxlan', first: 70_000, last: 70_999 },
      ],
      ...more,
    };
    const { directory } = this;
    const spec = { name: `server-${n}`, program: 'taas-server', directory, config, healthPort, env } as const;
    const process = new ProgramProcess(spec, systemClock);
    const at = (port: number) => `http://127.0.0.1:${port}`;
    this.servers.push({ process, url: at(api), health: at(healthPort) });
    await process.start();
  }
}

function parsed(text: string): Answer['json'] {
  try {
    return JSON.parse(text) as Answer['json'];
  } catch {
    return undefined;
  }
}
