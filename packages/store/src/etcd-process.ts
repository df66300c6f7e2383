import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Clock, fixed } from '@taas/service';
import { ChildProcess } from './child-process.js';
import { askUntilReady, type EtcdAuthSetup, enableAuth, rootHeaders } from './etcd-admin.js';
import { connectEndpoint } from './etcd-endpoint.js';
import { readTls } from './etcd-options.js';
import { freePorts } from './free-ports.js';

export interface EtcdProcessOptions {
  readonly clock: Clock;
  /** Path of the program. Default: the first `etcd` on the PATH. */
  readonly command?: string;
  /** Kept when it is given; else a new directory under the system's temporary one, removed by `close`. */
  readonly dataDir?: string;
  /** Serve clients over TLS; with `clientCertAuth` they need a certificate of the same authority. */
  readonly tls?: { caFile: string; certFile: string; keyFile: string; clientCertAuth?: boolean };
  /** Create these users and turn authentication on. */
  readonly auth?: EtcdAuthSetup;
  /** Seconds after which an unused login token is forgotten. */
  readonly authTokenTtlSeconds?: number;
  /** For example `{ mode: 'revision', retention: '1000' }` or `{ mode: 'periodic', retention: '1h' }`. Default: none. */
  readonly autoCompaction?: { mode: 'periodic' | 'revision'; retention: string };
  readonly quotaBackendBytes?: number;
  /** Milliseconds to wait for it to answer. Default 20,000. */
  readonly readyTimeoutMs?: number;
  /** More command-line arguments, as they are. */
  readonly args?: readonly string[];
}

/** A private etcd on loopback ports of its own. */
export interface EtcdProcess {
  /** What a client is given: `http://127.0.0.1:port`, or https. The same after a restart. */
  readonly endpoint: string;
  readonly dataDir: string;
  /** Starts it again after `stop` or `kill`, on the same ports and data, and waits until it answers. */
  start(): Promise<void>;
  /** Lets it finish (SIGTERM). */
  stop(): Promise<void>;
  /** Takes it away in mid-sentence (SIGKILL). */
  kill(): Promise<void>;
  /** Freezes and thaws it (SIGSTOP, SIGCONT): connections stay open, nobody answers. */
  pause(): void;
  resume(): void;
  /** Forgets history up to `revision`, behind everybody's back. */
  compact(revision: number): Promise<void>;
  /** Stops it for good and removes the data directory if it was ours. */
  close(): Promise<void>;
}

/** What to do about a missing etcd. */
export const etcdInstallHint = 'install etcd 3.4 or newer (Debian, Ubuntu: apt-get install etcd-server)';

/** The first `etcd` in the directories of `path` (as in the PATH variable), or undefined. */
export function findEtcd(path: string = process.env['PATH'] ?? ''): string | undefined {
  const candidates = path.split(delimiter).filter((directory) => directory !== '');
  return candidates.map((directory) => join(directory, 'etcd')).find(isExecutable);
}

/**
 * Starts an etcd of one member on free loopback ports and waits until it answers. It never looks at, nor talks to, an
 * etcd that already runs.
 * @throws Error when there is no etcd, or it did not come up (with its last words).
 */
export async function launchEtcd(options: EtcdProcessOptions): Promise<EtcdProcess> {
  const [process] = await launchEtcdCluster({ ...options, members: 1 });
  if (process === undefined) throw new RangeError('a cluster of one has a member');
  return process;
}

/** Starts a cluster of `members` etcds (`dataDir`, if given, holds one directory for each) and waits until all answer. */
export async function launchEtcdCluster(
  options: EtcdProcessOptions & { readonly members: number },
): Promise<readonly EtcdProcess[]> {
  const command = options.command ?? findEtcd();
  if (command === undefined) throw new Error(`there is no etcd on the PATH: ${etcdInstallHint}`);
  const ports = await freePorts(2 * options.members);
  const root = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'taas-etcd-')));
  const peers = Array.from({ length: options.members }, (_, index) => `http://127.0.0.1:${ports[2 * index + 1]}`);
  const members = peers.map((peer, index) => {
    const scheme = options.tls === undefined ? 'http' : 'https';
    const endpoint = `${scheme}://127.0.0.1:${ports[2 * index]}`;
    const name = `member-${index}`;
    const dataDir = options.members === 1 ? root : join(root, name);
    const cluster = peers.map((url, each) => `member-${each}=${url}`).join(',');
    const args = memberArguments(options, { name, endpoint, peer, dataDir, cluster });
    return new Member(
      options,
      endpoint,
      dataDir,
      new ChildProcess(command, args),
      options.dataDir === undefined ? root : undefined,
    );
  });
  try {
    await Promise.all(members.map((member) => member.start()));
    if (options.auth !== undefined && members[0] !== undefined) await members[0].enableAuth(options.auth);
  } catch (error) {
    await Promise.all(members.map((member) => member.close()));
    throw error;
  }
  return members;
}

class Member implements EtcdProcess {
  constructor(
    private readonly options: EtcdProcessOptions,
    readonly endpoint: string,
    readonly dataDir: string,
    private readonly child: ChildProcess,
    private readonly removeAtEnd: string | undefined,
  ) {}

  async start(): Promise<void> {
    this.child.start();
    const exited = this.child.exited().then((how) => {
      throw new Error(`etcd ended while it was starting (${how}): ${this.child.lastWords()}`);
    });
    await Promise.race([exited, this.#ready()]);
    // Its end is expected from here on; `stop` and `kill` wait for it themselves.
    exited.catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.child.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.child.end('SIGKILL');
  }

  pause(): void {
    this.child.signal('SIGSTOP');
  }

  resume(): void {
    this.child.signal('SIGCONT');
  }

  compact(revision: number): Promise<void> {
    return this.#withEndpoint(async (endpoint) => {
      const headers = await rootHeaders(endpoint, this.options.auth);
      await endpoint.kv.compact({ revision: BigInt(revision), physical: true }, { headers });
    });
  }

  enableAuth(setup: EtcdAuthSetup): Promise<void> {
    return this.#withEndpoint((endpoint) => enableAuth(endpoint, setup));
  }

  async close(): Promise<void> {
    await this.kill();
    if (this.removeAtEnd !== undefined) await rm(this.removeAtEnd, { recursive: true, force: true });
  }

  #ready(): Promise<void> {
    const { clock, readyTimeoutMs = 20_000 } = this.options;
    return this.#withEndpoint((endpoint) =>
      askUntilReady(endpoint, clock, readyTimeoutMs, () => this.child.running),
    ).catch((error: unknown) => {
      throw new Error(`etcd at ${this.endpoint} did not come up: ${this.child.lastWords()}`, { cause: error });
    });
  }

  async #withEndpoint(run: (endpoint: ReturnType<typeof connectEndpoint>) => Promise<void>): Promise<void> {
    const endpoint = connectEndpoint(this.endpoint, {
      tls: fixed(readTls(this.options.tls ?? {})),
      clock: this.options.clock,
      timeoutMs: 2_000,
    });
    try {
      await run(endpoint);
    } finally {
      endpoint.close();
    }
  }
}

interface MemberPlace {
  readonly name: string;
  readonly endpoint: string;
  readonly peer: string;
  readonly dataDir: string;
  readonly cluster: string;
}

function memberArguments(options: EtcdProcessOptions, place: MemberPlace): readonly string[] {
  const { tls, autoCompaction } = options;
  const settings: Record<string, string | undefined> = {
    name: place.name,
    'data-dir': place.dataDir,
    'listen-client-urls': place.endpoint,
    'advertise-client-urls': place.endpoint,
    'listen-peer-urls': place.peer,
    'initial-advertise-peer-urls': place.peer,
    'initial-cluster': place.cluster,
    'initial-cluster-token': place.cluster,
    logger: 'zap',
    'log-level': 'warn',
    'cert-file': tls?.certFile,
    'key-file': tls?.keyFile,
    'trusted-ca-file': tls?.caFile,
    'client-cert-auth': tls?.clientCertAuth === undefined ? undefined : String(tls.clientCertAuth),
    'auth-token-ttl': options.authTokenTtlSeconds?.toString(),
    'auto-compaction-mode': autoCompaction?.mode,
    'auto-compaction-retention': autoCompaction?.retention,
    'quota-backend-bytes': options.quotaBackendBytes?.toString(),
  };
  const given = Object.entries(settings).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}=${value}`],
  );
  return [...given, ...(options.args ?? [])];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
