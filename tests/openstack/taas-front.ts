import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../packages/lab/src/free-port.js';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { ServiceProcess } from './lab/service-process.js';

export interface TaasFrontOptions {
  /** Where it listens; the catalog's "network" must name it. */
  readonly port: number;
  /** The bound on noticing that a token was revoked. */
  readonly tokenCacheMs: number;
  /** Time between two looks at Neutron's ports. */
  readonly pollMs: number;
}

/** The program `taas-server` with a real etcd, as the cloud's endpoint for networking: Neutron is behind it. */
export interface TaasFront {
  readonly url: string;
  readonly healthUrl: string;
  /** All that the server has said so far. */
  log(): string;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('../../packages/server/bin/taas-server.js', import.meta.url));

/** @throws Error with the end of a log if etcd or the server does not start */
export async function startTaasFront(lab: OpenStackLab, options: TaasFrontOptions): Promise<TaasFront> {
  const directory = join(lab.directory, 'taas');
  mkdirSync(directory);
  const [client, peer, health] = [await freePort(), await freePort(), await freePort()];
  const etcd = etcdProcess(directory, client, peer);
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, lab.password, { mode: 0o600 });
  const config = {
    listen: { host: '127.0.0.1', port: options.port },
    health: { host: '127.0.0.1', port: health },
    etcd: { endpoints: [`http://127.0.0.1:${client}`] },
    auth: {
      mode: 'keystone',
      www_authenticate_uri: lab.keystoneUrl.replace(/\/v3$/, ''),
      keystone: {
        url: lab.keystoneUrl,
        user_name: 'taas',
        password_file: passwordFile,
        token_cache_ms: options.tokenCacheMs,
      },
    },
    neutron: { url: lab.neutronUrl, poll_ms: options.pollMs },
    networking_vpp: { bindings: 'neutron' },
    segments: [{ type: 'vxlan', first: 70_000, last: 70_999 }],
  };
  const configFile = join(directory, 'taas-server.yaml');
  writeFileSync(configFile, `${JSON.stringify(config, null, 2)}\n`);
  const logFile = join(directory, 'taas-server.log');
  const healthUrl = `http://127.0.0.1:${health}`;
  const server = new ServiceProcess({
    name: 'taas-server',
    command: process.execPath,
    args: [program, '--config', configFile],
    cwd: directory,
    env: process.env,
    logFile,
    readyUrl: `${healthUrl}/readyz`,
    readyStatus: [200],
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await etcd.stop();
  };
  try {
    await etcd.start();
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${options.port}`, healthUrl, log: () => readFileSync(logFile, 'utf8'), stop };
}

function etcdProcess(directory: string, client: number, peer: number): ServiceProcess {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  return new ServiceProcess({
    name: 'etcd',
    command: 'etcd',
    args: [
      ...['--data-dir', join(directory, 'etcd'), '--name', 'lab', '--initial-cluster', `lab=${peerUrl}`],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ],
    cwd: directory,
    env: process.env,
    logFile: join(directory, 'etcd.log'),
    readyUrl: `${clientUrl}/health`,
    readyStatus: [200],
  });
}
