import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createLogger,
  describeOptions,
  exposeProcess,
  FileWatch,
  keepLooking,
  type Logger,
  loadConfig,
  Metrics,
  type ProgramOptions,
  parseConfig,
  type ReloadRequests,
  systemClock,
  UsageError,
  untilAborted,
  watchConfig,
} from '@taas/service';
import { type OpenEtcdDeps, openEtcd, openEtcdV2, type V2Follower } from '@taas/store';
import { checkServerConfig, type ServerConfig, serverConfigSchema } from './config.js';
import { networkingVppEtcd } from './config-networking-vpp.js';
import { openPage } from './dashboard/open-page.js';
import type { PageFiles } from './dashboard/page-files.js';
import { createServer } from './server.js';
import { openServerFiles } from './server-files.js';
import { openServerTrust } from './server-trust.js';
import { serverVersion } from './server-version.js';

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
  version: serverVersion,
  help,
  flags: { config: { type: 'string' } },
  main: async (flags, stop, reloads) => {
    const file = flags['config'];
    if (typeof file !== 'string') throw new UsageError('--config FILE is missing');
    const config = checkServerConfig(loadConfig(serverConfigSchema, file), file);
    return run(config, file, stop, reloads);
  },
};

async function run(config: ServerConfig, file: string, stop: AbortSignal, reloads: ReloadRequests): Promise<number> {
  const logger = createLogger({ program: 'taas-server', level: config.log.level });
  const random = Math.random;
  const watch = new FileWatch({ clock: systemClock, logger: logger.child({ part: 'files' }), source: file });
  const read = (text: string) => checkServerConfig(parseConfig(serverConfigSchema, text, file), file);
  const files = {
    ...openServerFiles(config, watch, file, logger),
    config: watchConfig(watch, { file, running: config, read, logger }),
    watch,
  };
  const deps = { clock: systemClock, logger: logger.child({ part: 'etcd' }), random, files: watch };
  const raw = openEtcd(config.etcd, file, deps);
  const trust = openServerTrust(config, file, raw, deps);
  const { store } = trust;
  const v2 = config.networking_vpp.bindings === 'etcd-v2' ? trust.v2(openV2(config, file, deps)) : null;
  const replica = `${hostname()}/${process.pid}`;
  const { care } = raw;
  const metrics = new Metrics();
  exposeProcess(metrics, { program: 'taas-server', version: serverVersion, certificates: () => watch.certificates });
  const page = await pageOf(config, logger);
  const common = {
    store,
    care,
    metrics,
    files,
    clock: systemClock,
    logger,
    random,
    newId: randomUUID,
    replica,
    trust,
    version: serverVersion,
    ...(page ? { page } : {}),
  };
  const server = createServer(config, v2 ? { ...common, v2 } : common);
  const ending = new AbortController();
  const looking = keepLooking(watch, reloads, logger, ending.signal);
  const trusting = trust.keep(ending.signal);
  try {
    await server.start();
    await untilAborted(AbortSignal.any([stop, server.failed, trust.unprotected]));
    if (trust.unprotected.aborted) throw trust.unprotected.reason;
    if (server.failed.aborted) throw server.failed.reason;
    return 0;
  } finally {
    await server.stop();
    ending.abort();
    await looking;
    await trusting;
    v2?.close();
    await store.close();
  }
}

function openV2(config: ServerConfig, file: string, deps: OpenEtcdDeps): V2Follower {
  const { etcd, at } = networkingVppEtcd(config);
  return openEtcdV2(etcd, at, file, deps);
}

/** A server that was compiled by hand may be without a page: it serves the API all the same. */
async function pageOf(config: ServerConfig, logger: Logger): Promise<PageFiles | null> {
  if (!config.dashboard.enabled || config.auth.mode !== 'keystone') return null;
  try {
    const { files } = await import('@taas/dashboard');
    return openPage(files);
  } catch (cause) {
    logger.warn({ cause }, 'there is no dashboard, since its page was not built: npm run build');
    return null;
  }
}
