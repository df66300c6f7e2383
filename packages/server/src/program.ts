import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import {
  ConfigError,
  createLogger,
  describeOptions,
  loadConfig,
  type ProgramOptions,
  systemClock,
  UsageError,
} from '@taas/service';
import { createEtcdStore } from '@taas/store';
import { checkServerConfig, type ServerConfig, serverConfigSchema } from './config.js';
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
    const config = checkServerConfig(loadConfig(serverConfigSchema, file), file);
    return run(config, file, stop);
  },
};

async function run(config: ServerConfig, file: string, stop: AbortSignal): Promise<number> {
  const logger = createLogger({ program: 'taas-server', level: config.log.level });
  const random = Math.random;
  const store = createEtcdStore({
    endpoints: config.etcd.endpoints,
    ...credentials(config, file),
    ...tls(config),
    requestTimeoutMs: config.etcd.timeout_ms,
    clock: systemClock,
    logger: logger.child({ part: 'etcd' }),
    random,
  });
  const replica = `${hostname()}/${process.pid}`;
  const server = createServer(config, { store, clock: systemClock, logger, random, newId: randomUUID, replica });
  try {
    await server.start();
    await aborted(AbortSignal.any([stop, server.failed]));
    if (server.failed.aborted) throw server.failed.reason;
    return 0;
  } finally {
    await server.stop();
    await store.close();
  }
}

function credentials({ etcd }: ServerConfig, file: string): { user?: string; password?: string } {
  if (etcd.user === undefined || etcd.password_file === undefined) return {};
  try {
    return { user: etcd.user, password: readFileSync(etcd.password_file, 'utf8').trimEnd() };
  } catch (cause) {
    throw new ConfigError(file, [`option "etcd.password_file": ${etcd.password_file} cannot be read`], { cause });
  }
}

function tls({ etcd }: ServerConfig) {
  if (etcd.ca_file === undefined && etcd.cert_file === undefined) return {};
  return {
    tls: {
      ...(etcd.ca_file === undefined ? {} : { caFile: etcd.ca_file }),
      ...(etcd.cert_file === undefined ? {} : { certFile: etcd.cert_file }),
      ...(etcd.key_file === undefined ? {} : { keyFile: etcd.key_file }),
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
