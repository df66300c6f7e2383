import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchEtcd } from '@taas/store/testing';
import { freePort } from '../free-port.js';
import { ProgramProcess, packagedProgram } from '../program-process.js';
import { withoutBounds } from '../without-bounds.js';
import type { BenchContext } from './bench-context.js';
import type { OpenStackPeer } from './openstack-peer.js';

export interface ServerInOpenStack {
  readonly url: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** The bundled program `taas-server` with an etcd of its own, configured as an operator would for this cloud. */
export async function startServerIn(peer: OpenStackPeer, context: BenchContext): Promise<ServerInOpenStack> {
  const directory = join(context.directory, 'taas-server');
  mkdirSync(directory);
  const etcd = await launchEtcd({
    clock: context.clock,
    command: context.etcd,
    dataDir: join(directory, 'etcd'),
    // For networking-vpp's keys, of which there are none here, as there are no agents on Neutron's side.
    args: ['--enable-v2'],
  });
  const [port, health] = [await freePort(), await freePort()];
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, peer.password, { mode: 0o600 });
  const config = {
    listen: { host: '127.0.0.1', port },
    health: { host: '127.0.0.1', port: health },
    etcd: { endpoints: [etcd.endpoint], allow_unprotected: true },
    auth: {
      mode: 'keystone',
      keystone: { url: peer.keystoneUrl, user_name: 'taas', password_file: passwordFile },
    },
    neutron: { url: peer.neutronUrl },
    segments: [{ type: 'vxlan', first: 70_000, last: 70_999 }],
    ...withoutBounds,
  };
  const bundle = packagedProgram('taas-server');
  const spec = { name: 'server', program: 'taas-server', directory, config, healthPort: health, bundle } as const;
  const server = new ProgramProcess(spec, context.clock);
  const stop = async (): Promise<void> => {
    await server.stop();
    await etcd.close();
  };
  try {
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    stop,
  };
}
