import { randomUUID } from 'node:crypto';
import { type Agent, agentConfigSchema, checkAgentConfig, createAgent, createVppLock, whatVppNeeds } from '@taas/agent';
import { checkServerConfig, createServer, type Server, serverConfigSchema } from '@taas/server';
import { checkConfig } from '@taas/service';
import type { Store } from '@taas/store';
import { connect } from 'vpp-api';
import { type CloudOptions, physnet, segmentsFor, tunnelAddress, underlaySubnets } from './cloud-options.js';
import { freePort } from './free-port.js';
import { ProgramProcess } from './program-process.js';
import { withoutBounds } from './without-bounds.js';

/** A TaaS server of the lab, in this process or its own. */
export interface ServerUnit {
  readonly url: string;
  readonly healthUrl: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
  /** As an operator's restart: the same configuration, the same address. `kill`: without a goodbye. */
  restart(how: 'stop' | 'kill'): Promise<void>;
}

/** A TaaS agent of the lab, in this process or its own. */
export interface AgentUnit {
  readonly pid: number | undefined;
  /** `kill`: without a goodbye. */
  stop(how?: 'stop' | 'kill'): Promise<void>;
  restart(how: 'stop' | 'kill'): Promise<void>;
}

export interface AgentPlace {
  readonly name: string;
  readonly apiSocket: string;
  /** As {@link LabSwitch} has them. */
  readonly apiFolders: readonly string[];
  /** Which of the cloud's nodes it is. */
  readonly n: number;
}

export async function startServer(options: CloudOptions, store: Store, endpoint?: string): Promise<ServerUnit> {
  const [api, health] = [await freePort(), await freePort()];
  const config = {
    listen: { host: '127.0.0.1', port: api },
    health: { host: '127.0.0.1', port: health },
    auth: { mode: 'development' },
    networking_vpp: { bindings: 'etcd-v3' },
    segments: segmentsFor(options),
    ...withoutBounds,
    // A lab has few projects, and some of them much to do.
    project_share: 0.5,
    // Known before any agent has told its address, so that mirrors can be made at once.
    tap_mirrors: { underlay_subnets: [...underlaySubnets] },
    ...(endpoint === undefined ? {} : { etcd: { endpoints: [endpoint], allow_unprotected: true } }),
  };
  const urls = { url: `http://127.0.0.1:${api}`, healthUrl: `http://127.0.0.1:${health}` };
  if (options.processes && endpoint !== undefined) {
    const spec = { name: 'server', program: 'taas-server', directory: options.directory, config } as const;
    const process = new ProgramProcess({ ...spec, healthPort: health }, options.clock);
    await process.start();
    return withUrls(urls, processUnit(process));
  }
  const checked = checkServerConfig(checkConfig(serverConfigSchema, config, 'the lab'), 'the lab');
  const make = (): Server =>
    createServer(checked, {
      store,
      clock: options.clock,
      logger: options.logger,
      random: Math.random,
      newId: randomUUID,
      replica: 'lab',
    });
  return withUrls(urls, await objectUnit(make));
}

/** @param openStore a connection of the agent's own, so that its lease ends when it does */
export async function startAgent(
  options: CloudOptions,
  place: AgentPlace,
  openStore: () => Store,
  endpoint?: string,
): Promise<AgentUnit> {
  const health = await freePort();
  const config = {
    node: place.name,
    vpp: { api_socket: place.apiSocket, api_files: place.apiFolders },
    physnets: [{ name: physnet }],
    tunnel_address: tunnelAddress(place.n, options.ip6).split('/')[0],
    health: { host: '127.0.0.1', port: health },
    lease_ttl_s: 3,
    ...options.agent,
    ...(endpoint === undefined ? {} : { etcd: { endpoints: [endpoint], allow_unprotected: true } }),
  };
  if (options.processes && endpoint !== undefined) {
    const spec = { name: `agent-${place.name}`, program: 'taas-agent', directory: options.directory, config } as const;
    const process = new ProgramProcess({ ...spec, healthPort: health }, options.clock);
    await process.start();
    return processUnit(process);
  }
  const checked = checkAgentConfig(checkConfig(agentConfigSchema, config, 'the lab'), 'the lab');
  const connectVpp = (signal: AbortSignal) =>
    connect({
      socketPath: place.apiSocket,
      clientName: 'taas-agent',
      ...whatVppNeeds,
      apiFolders: { folders: place.apiFolders },
      signal,
    });
  const make = () => {
    const store = openStore();
    const { clock, logger } = options;
    const self = { pid: process.pid, node: place.name };
    const lock = createVppLock({ apiSocket: place.apiSocket, self, clock });
    const agent: Agent = createAgent(checked, { store, connectVpp, lock, clock, logger, random: Math.random });
    return {
      start: () => agent.start(),
      stop: async () => {
        await agent.stop();
        await store.close();
      },
    };
  };
  return objectUnit(make);
}

function withUrls(urls: Pick<ServerUnit, 'url' | 'healthUrl'>, unit: AgentUnit): ServerUnit {
  return {
    ...urls,
    get pid() {
      return unit.pid;
    },
    stop: () => unit.stop(),
    restart: (how) => unit.restart(how),
  };
}

const signals = { stop: 'SIGTERM', kill: 'SIGKILL' } as const;

function processUnit(process: ProgramProcess): AgentUnit {
  return {
    get pid() {
      return process.pid;
    },
    stop: async (how = 'stop') => {
      await process.stop(signals[how]);
    },
    restart: async (how) => {
      await process.stop(signals[how]);
      await process.start();
    },
  };
}

/** A part that runs in this process. Killing it is stopping it: there is no way to take an object away in mid-sentence. */
async function objectUnit(make: () => { start(): Promise<void>; stop(): Promise<void> }): Promise<AgentUnit> {
  let current = make();
  await current.start();
  return {
    pid: undefined,
    stop: () => current.stop(),
    restart: async () => {
      await current.stop();
      current = make();
      await current.start();
    },
  };
}
