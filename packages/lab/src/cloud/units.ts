import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { agentConfigSchema, checkAgentConfig, createAgent, createVppLock, StateFile, whatVppNeeds } from '@taas/agent';
import { checkServerConfig, createServer, serverConfigSchema } from '@taas/server';
import { checkConfig, Metrics } from '@taas/service';
import type { Store } from '@taas/store';
import { connect } from 'vpp-api';
import { freePort } from '../free-port.js';
import type { CloudOptions } from './cloud-options.js';
import type { CloudStore } from './cloud-store.js';
import { ObjectUnit } from './object-unit.js';
import { agentConfig, serverConfig } from './program-configs.js';
import { ProgramUnit } from './program-unit.js';
import type { Unit } from './unit.js';

/** What units of a cloud need to know of it. */
export interface UnitPlace {
  readonly options: CloudOptions;
  readonly directory: string;
  readonly store: CloudStore;
  /** What servers are told of Keystone and Neutron. */
  readonly openstack: object | undefined;
}

/** The n-th server. Not started yet. */
export async function serverUnit(place: UnitPlace, n: number): Promise<Unit> {
  const { options } = place;
  const name = `server-${n}`;
  const [port, healthPort] = [options.server?.listen?.port ?? (await freePort()), await freePort()];
  const config = serverConfig(
    options,
    { port, healthPort, endpoints: await endpointsFor(place, name) },
    place.openstack,
  );
  if (options.process === 'programs') return programUnit(place, 'taas-server', { name, config, healthPort, port });
  const checked = checkServerConfig(checkConfig(serverConfigSchema, config, 'the lab'), 'the lab');
  const { clock, logger, seams = {} } = options;
  return new ObjectUnit(name, `http://127.0.0.1:${port}`, `http://127.0.0.1:${healthPort}`, () => {
    const store = place.store.connect();
    const server = createServer(checked, {
      store: seams.serverStore?.(store) ?? store,
      ...{ clock, logger: logger.child({ program: name }), random: Math.random, replica: name },
      newId: seams.newId ?? randomUUID,
      ...(seams.page ? { page: seams.page } : {}),
      ...(seams.openSender ? { openSender: seams.openSender } : {}),
      ...(seams.openReceiver ? { openReceiver: seams.openReceiver } : {}),
    });
    return withStore(server, store);
  });
}

export interface AgentPlace {
  readonly node: string;
  /** Which of the cloud's nodes it is. */
  readonly n: number;
  readonly apiSocket: string;
  /** As {@link LabSwitch} has them. */
  readonly apiFolders: readonly string[];
  /** Default: `agent-` and the node's name. */
  readonly name?: string;
}

/** A node's agent. Not started yet. */
export async function agentUnit(
  place: UnitPlace,
  { node, n, apiSocket, apiFolders, ...named }: AgentPlace,
): Promise<Unit> {
  const { options } = place;
  const name = named.name ?? `agent-${node}`;
  const healthPort = await freePort();
  const at = { node, n, apiSocket, apiFolders };
  // Beside each other on one machine, each with its own.
  const stateFile = join(place.directory, `${name}.statistics.json`);
  const config = {
    ...agentConfig(options, { ...at, healthPort, endpoints: await endpointsFor(place, name) }),
    statistics: { state_file: stateFile },
  };
  if (options.process === 'programs') return programUnit(place, 'taas-agent', { name, config, healthPort });
  const checked = checkAgentConfig(checkConfig(agentConfigSchema, config, 'the lab'), 'the lab');
  const { clock, seams = {} } = options;
  const health = `http://127.0.0.1:${healthPort}`;
  return new ObjectUnit(name, health, health, () => {
    const store = place.store.connect();
    const lock = createVppLock({ apiSocket, self: { pid: process.pid, node }, clock });
    const requestTimeoutMs = checked.vpp.timeout_ms;
    const common = { clientName: 'taas-agent', ...whatVppNeeds, requestTimeoutMs, apiFolders: { folders: apiFolders } };
    const agent = createAgent(checked, {
      statisticsFile: new StateFile(stateFile, options.logger),
      metrics: new Metrics(),
      ...{ store, lock, clock, logger: options.logger.child({ program: node }), random: Math.random },
      connectVpp: (signal) => connect({ socketPath: apiSocket, ...common, signal }),
      ...(seams.endsPass ? { endsPass: seams.endsPass } : {}),
    });
    return withStore(agent, store);
  });
}

function programUnit(
  { options, directory }: UnitPlace,
  program: 'taas-server' | 'taas-agent',
  of: { readonly name: string; readonly config: object; readonly healthPort: number; readonly port?: number },
): Unit {
  const { seams = {}, clock } = options;
  const { name, config, healthPort, port } = of;
  const env = seams.env?.(name) ?? {};
  const root = () => seams.root?.(name);
  return new ProgramUnit({ name, program, directory, config, healthPort, env, root }, clock, port);
}

async function endpointsFor({ options, store }: UnitPlace, program: string): Promise<readonly string[]> {
  return (await options.seams?.etcd?.(program)) ?? store.endpoints;
}

/** Its connection to the store ends with it. */
function withStore(part: { start(): Promise<void>; stop(): Promise<void> }, store: Store) {
  return {
    start: () => part.start(),
    stop: async () => {
      await part.stop();
      await store.close();
    },
  };
}
