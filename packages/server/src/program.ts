import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createLogger,
  describeOptions,
  loadConfig,
  type ProgramOptions,
  systemClock,
  UsageError,
  untilAborted,
} from '@taas/service';
import { type OpenEtcdDeps, openEtcd, openEtcdV2, type V2Follower } from '@taas/store';
import { checkServerConfig, type ServerConfig, serverConfigSchema } from './config.js';
import { checkServerFiles } from './config-files.js';
import { networkingVppEtcd } from './config-networking-vpp.js';
import { createServer } from './server.js';

const help = `
taas-server --config FILE

The Tap-as-a-Service API for networking-vpp, and its compiler. Any number may run; one at a time compiles.

  --config FILE   YAML, see below; every option has a default
  --help          this text
  --version       the version

Options of the configuration file:
${describeOptions(serverConfigSchema)
  .map((line) => `  ${line}`)
  .join('\n')}
`;

/** The program `taas-server`; its bin hands it to `runProgram`. */
export const serverProgram: ProgramOptions = {
  name: 'taas-server',
  version: '0.1.0',
  help,
  flags: { config: { type: 'string' } },
  main: async (flags, stop) => {
    const file = flags['config'];
    if (typeof file !== 'string') throw new UsageError('--config FILE is missing');
    const config = checkServerFiles(checkServerConfig(loadConfig(serverConfigSchema, file), file), file);
    return run(config, file, stop);
  },
};

async function run(config: ServerConfig, file: string, stop: AbortSignal): Promise<number> {
  const logger = createLogger({ program: 'taas-server', level: config.log.level });
  const random = Math.random;
  const deps = { clock: systemClock, logger: logger.child({ part: 'etcd' }), random };
  const store = openEtcd(config.etcd, file, deps);
  const v2 = config.networking_vpp.bindings === 'etcd-v2' ? openV2(config, file, deps) : null;
  const replica = `${hostname()}/${process.pid}`;
  const common = { store, care: store.care, clock: systemClock, logger, random, newId: randomUUID, replica };
  const server = createServer(config, v2 ? { ...common, v2 } : common);
  try {
    await server.start();
    await untilAborted(AbortSignal.any([stop, server.failed]));
    if (server.failed.aborted) throw server.failed.reason;
    return 0;
  } finally {
    await server.stop();
    v2?.close();
    await store.close();
  }
}

function openV2(config: ServerConfig, file: string, deps: OpenEtcdDeps): V2Follower {
  const { etcd, at } = networkingVppEtcd(config);
  return openEtcdV2(etcd, at, file, deps);
}
