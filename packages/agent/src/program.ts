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
  silentLogger,
  systemClock,
  UsageError,
  untilAborted,
  watchConfig,
} from '@taas/service';
import { openEtcd, type Store, type Trust } from '@taas/store';
import { connect } from 'vpp-api';
import { agentVersion, createAgent } from './agent.js';
import type { AgentFiles } from './agent-health.js';
import { openAgentTrust } from './agent-trust.js';
import { apiFolders } from './api-folders.js';
import { type AgentConfig, agentConfigSchema, checkAgentConfig } from './config.js';
import { dryRun } from './dry-run.js';
import { createVppLock } from './lock/vpp-lock.js';
import { StateFile } from './statistics/state-file.js';
import type { Vpp } from './vpp/vpp-messages.js';
import { whatVppNeeds } from './vpp/what-vpp-needs.js';

const help = `
taas-agent --config FILE [--dry-run]

Wires the taps of one node: told by etcd, configures VPP, verifies, reports. One on each node: a second one on the same VPP
stands by until the first one ends, and says so in its log and at /readyz.

  --config FILE   YAML, see below
  --dry-run       print what would be done to VPP, and change no tap; also beside a running agent. To find out which of VPP's
                  bits means what, an interface is made and taken away again
  --help          this text
  --version       the version

Options of the configuration file:
${describeOptions(agentConfigSchema)
  .map((line) => `  ${line}`)
  .join('\n')}
`;

/** The program `taas-agent`; its bin hands it to `runProgram`. */
export const agentProgram: ProgramOptions = {
  name: 'taas-agent',
  version: agentVersion,
  help,
  flags: { config: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
  main: async (flags, stop, reloads) => {
    const file = flags['config'];
    if (typeof file !== 'string') throw new UsageError('--config FILE is missing');
    const config = checkAgentConfig(loadConfig(agentConfigSchema, file), file);
    const logger = createLogger({ program: 'taas-agent', level: config.log.level });
    const etcdLogger = logger.child({ part: 'etcd' });
    const watch = new FileWatch({ clock: systemClock, logger: logger.child({ part: 'files' }), source: file });
    const read = (text: string) => checkAgentConfig(parseConfig(agentConfigSchema, text, file), file);
    const files = { watch, config: watchConfig(watch, { file, running: config, read, logger }) };
    const etcdDeps = { clock: systemClock, logger: etcdLogger, random: Math.random, files: watch };
    const store = openEtcd(config.etcd, file, etcdDeps);
    const ending = new AbortController();
    const looking = keepLooking(watch, reloads, logger, ending.signal);
    let trusting = Promise.resolve();
    try {
      const trust = openAgentTrust(config, file, store, etcdDeps);
      trusting = trust.keep(ending.signal);
      return await (flags['dry-run'] ? printPlan(config, trust.store, stop) : run(config, trust, files, logger, stop));
    } finally {
      ending.abort();
      await looking;
      await trusting;
      await store.close();
    }
  },
};

async function run(
  config: AgentConfig,
  trust: Trust,
  files: AgentFiles,
  logger: Logger,
  stop: AbortSignal,
): Promise<number> {
  const connectVpp = (signal: AbortSignal) => openVpp(config, logger, signal);
  const self = { pid: process.pid, node: config.node };
  const lock = createVppLock({ apiSocket: config.vpp.api_socket, self, clock: systemClock });
  const metrics = new Metrics();
  exposeProcess(metrics, {
    program: 'taas-agent',
    version: agentVersion,
    certificates: () => files.watch.certificates,
  });
  const agent = createAgent(config, {
    store: trust.store,
    trust,
    connectVpp,
    lock,
    files,
    metrics,
    statisticsFile: new StateFile(config.statistics.state_file, logger),
    clock: systemClock,
    logger,
    random: Math.random,
  });
  try {
    await agent.start();
    await untilAborted(AbortSignal.any([stop, agent.failed, trust.unprotected]));
    if (trust.unprotected.aborted) throw trust.unprotected.reason;
    if (agent.failed.aborted) throw agent.failed.reason;
    return 0;
  } finally {
    await agent.stop();
  }
}

async function printPlan(config: AgentConfig, store: Store, stop: AbortSignal): Promise<number> {
  const vpp = await openVpp(config, silentLogger, stop);
  try {
    process.stdout.write(`${(await dryRun(config, store, vpp, stop)).join('\n')}\n`);
    return 0;
  } finally {
    await vpp.close();
  }
}

function openVpp({ vpp }: AgentConfig, logger: Logger, signal: AbortSignal): Promise<Vpp> {
  return connect({
    socketPath: vpp.api_socket,
    clientName: 'taas-agent',
    ...whatVppNeeds,
    apiFolders: { folders: apiFolders(vpp.api_files) },
    requestTimeoutMs: vpp.timeout_ms,
    onProblem: (error) => logger.warn({ cause: error.message }, 'of the connection to VPP'),
    signal,
  });
}
