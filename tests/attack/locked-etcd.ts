import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixed, silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import { connectEndpoint, type EtcdProcess, launchEtcd } from '@taas/store/testing';

const script = fileURLToPath(new URL('../../deploy/etcd-roles.sh', import.meta.url));
const rootPassword = 'root-password';

/** An etcd with authentication and the users of deploy/etcd-roles.sh: `taas-server`, and `taas-<node>` for each node. */
export class LockedEtcd {
  readonly #keepers: (() => Promise<void>)[] = [];
  readonly #stores: Store[] = [];

  private constructor(
    readonly directory: string,
    readonly etcd: EtcdProcess,
  ) {}

  static async start(nodes: readonly string[]): Promise<LockedEtcd> {
    const directory = mkdtempSync(join(tmpdir(), 'taas-locked-'));
    const etcd = await launchEtcd({ clock: systemClock, auth: { rootPassword } });
    const locked = new LockedEtcd(directory, etcd);
    locked.#roles('server', 'taas-server');
    for (const node of nodes) locked.#roles('agent', `taas-${node}`, node);
    return locked;
  }

  /** `etcd:` of a program's configuration. */
  credentials(user: string): object {
    const file = join(this.directory, `${user}.password`);
    writeFileSync(file, passwordOf(user), { mode: 0o600 });
    return { endpoints: [this.etcd.endpoint], user, password_file: file };
  }

  storeOf(user: string): Store {
    const common = { clock: systemClock, logger: silentLogger, random: Math.random };
    const store = createEtcdStore({ endpoints: [this.etcd.endpoint], user, password: passwordOf(user), ...common });
    this.#stores.push(store);
    return store;
  }

  etcdctl(user: string, ...args: string[]): { readonly status: number | null; readonly text: string } {
    const { status, stdout, stderr } = spawnSync('etcdctl', args, { env: this.#env(user), encoding: 'utf8' });
    return { status, text: stdout + stderr };
  }

  /** Every lease that there is, as anybody may ask. */
  leases(user: string): string[] {
    return this.etcdctl(user, 'lease', 'list').text.match(/^[0-9a-f]{16}$/gm) ?? [];
  }

  /** Keeps all leases alive that there are now, as whoever has no right to anything of theirs. Resolves when it is at work. */
  async keepAllAlive(user: string): Promise<readonly string[]> {
    const leases = this.leases(user);
    const endpoint = connectEndpoint(this.etcd.endpoint, { tls: fixed({}), clock: systemClock, timeoutMs: 3_000 });
    const { token } = await endpoint.auth.authenticate({ name: user, password: passwordOf(user) });
    const stop = new AbortController();
    const renewAll = async () => {
      for (const lease of leases) {
        const once = async function* () {
          yield { id: BigInt(`0x${lease}`) };
        };
        for await (const answer of endpoint.lease.leaseKeepAlive(once(), { headers: { token } }))
          if (answer.ttl > 0n) break;
      }
    };
    await renewAll();
    const keeping = (async () => {
      while (!stop.signal.aborted) {
        await renewAll().catch(() => undefined);
        await systemClock.sleep(300, stop.signal).catch(() => undefined);
      }
      endpoint.close();
    })();
    this.#keepers.push(() => {
      stop.abort(new Error('the attack is over'));
      return keeping;
    });
    return leases;
  }

  async letGo(): Promise<void> {
    await Promise.all(this.#keepers.splice(0).map((end) => end()));
  }

  async stop(): Promise<void> {
    await this.letGo();
    for (const store of this.#stores) await store.close();
    await this.etcd.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #env(user: string): NodeJS.ProcessEnv {
    const login = `${user}:${passwordOf(user)}`;
    return { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: this.etcd.endpoint, ETCDCTL_USER: login };
  }

  #roles(...args: string[]): void {
    const user = args[1] ?? '';
    const { status, stderr } = spawnSync(script, args, {
      ...{ env: this.#env('root'), encoding: 'utf8', input: `${passwordOf(user)}\n` },
    });
    if (status !== 0) throw new Error(`etcd-roles.sh ${args.join(' ')}: ${stderr}`);
  }
}

const passwordOf = (user: string): string => (user === 'root' ? rootPassword : `password-of-${user}`);
