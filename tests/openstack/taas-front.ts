import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@taas/lab';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { ServiceProcess } from './lab/service-process.js';
import { taasProgram } from './taas-program.js';

export interface TaasFrontOptions {
  /** Where it listens; the catalog's "network" must name it. */
  readonly port: number;
  /** The bound on noticing that a token was revoked. */
  readonly tokenCacheMs: number;
  /** Time between two polls of Neutron's ports. */
  readonly pollMs: number;
  /** An etcd that runs already. Default: one of its own. */
  readonly etcdUrl?: string;
  /** Options of `taas-server` in place of the usual ones, by section. */
  readonly config?: object;
}

/** The program `taas-server` with a real etcd, as the cloud's endpoint for networking: Neutron is behind it. */
export interface TaasFront {
  readonly url: string;
  /** Where it tells its health. */
  readonly healthUrl: string;
  readonly etcdUrl: string;
  /** Its own: configuration, logs, etcd's data. */
  readonly directory: string;
  /** To be stopped and started in a test. */
  readonly server: Pick<ServiceProcess, 'start' | 'stop'>;
  /** All that the server has said so far. */
  log(): string;
  stop(): Promise<void>;
}

/** On a busy machine a real Keystone or Neutron may take longer than the ten seconds that are the default. */
const patienceMs = 60_000;

/** @throws Error with the end of a log if etcd or the server does not start */
export async function startTaasFront(lab: OpenStackLab, options: TaasFrontOptions): Promise<TaasFront> {
  const directory = join(lab.directory, 'taas');
  mkdirSync(directory);
  const health = await freePort();
  const own = options.etcdUrl === undefined ? await etcdProcess(directory) : undefined;
  const etcdUrl = own?.url ?? options.etcdUrl ?? '';
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, lab.password, { mode: 0o600 });
  const config = {
    listen: { host: '127.0.0.1', port: options.port },
    etcd: { endpoints: [etcdUrl], allow_unprotected: true },
    auth: {
      mode: 'keystone',
      www_authenticate_uri: lab.keystoneUrl.replace(/\/v3$/, ''),
      keystone: {
        url: lab.keystoneUrl,
        user_name: 'taas',
        password_file: passwordFile,
        token_cache_ms: options.tokenCacheMs,
        timeout_ms: patienceMs,
      },
    },
    neutron: { url: lab.neutronUrl, poll_ms: options.pollMs, timeout_ms: patienceMs },
    networking_vpp: { bindings: 'neutron' },
    segments: [{ type: 'vxlan', first: 70_000, last: 70_999 }],
    // Known before any agent has told its address, so that mirrors can be made at once.
    tap_mirrors: { underlay_subnets: ['10.99.0.0/24'] },
    ...options.config,
  };
  const server = taasProgram({ program: 'taas-server', directory, config, healthPort: health });
  const stop = async (): Promise<void> => {
    await server.stop();
    await own?.etcd.stop();
  };
  try {
    await own?.etcd.start();
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const log = () => readFileSync(join(directory, 'taas-server.log'), 'utf8');
  const urls = { url: `http://127.0.0.1:${options.port}`, healthUrl: `http://127.0.0.1:${health}`, etcdUrl };
  return { ...urls, directory, server, log, stop };
}

/** An etcd of a lab's own; not started yet. @param more of its options */
export async function etcdProcess(
  directory: string,
  more: readonly string[] = [],
): Promise<{ etcd: ServiceProcess; url: string }> {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const etcd = new ServiceProcess({
    name: 'etcd',
    command: 'etcd',
    args: [
      ...['--data-dir', join(directory, 'etcd'), '--name', 'lab', '--initial-cluster', `lab=${peerUrl}`],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...more,
    ],
    cwd: directory,
    env: process.env,
    logFile: join(directory, 'etcd.log'),
    readyUrl: `${clientUrl}/health`,
    readyStatus: [200],
  });
  return { etcd, url: clientUrl };
}
