import { type Clock, systemClock } from 'vpp-api';
import { newestRelease, type Release } from './api/releases.js';
import { Engine } from './engine/engine.js';
import type { InterfaceCounters } from './engine/interface.js';
import { Port, type PortOptions } from './port.js';
import { openEndpoint, type PortEndpoint } from './port-endpoint.js';
import { ApiServer } from './server/api-server.js';
import { type FaultOptions, FaultRules } from './server/faults.js';
import { handlers } from './server/handlers/index.js';
import { InterfaceEventBatch } from './server/interface-events.js';
import { ApiMessageTable } from './server/message-table.js';
import type { SessionHost } from './server/session.js';
import { SpokenApi } from './server/spoken-api.js';
import { type SimulatorState, stateOf } from './state.js';

/** The part of a logger that the simulator uses; pino's interface. */
export interface SimulatorLogger {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface SimulatorOptions {
  /** Where the API socket is to be. */
  readonly socketPath: string;
  /** Who it is, in what it answers people. */
  readonly name: string;
  /** As which release of VPP it speaks; it forwards as 26.06 does, whichever. Default: 26.06. */
  readonly release?: Release;
  /** Time of late answers and of policers; the machine's unless given. */
  readonly clock?: Clock;
  /** Wall clock in milliseconds, for captures. */
  readonly wallClock?: () => number;
  readonly logger?: SimulatorLogger;
}

/** Faults on demand. */
export interface SimulatorFaults {
  /** Answers the request with `retval` (-1 to -169) and does nothing; `times` as often, else until `clear`. */
  refuse(message: string, retval: number, options?: FaultOptions): void;
  /** Answers the request `ms` late; what the same client sends after it waits too. */
  delay(message: string, ms: number, options?: FaultOptions): void;
  /** Takes all refusals and delays back. */
  clear(): void;
  /** Breaks every client's connection; what is configured stays. */
  dropConnection(): void;
  /** A restart: clients cut off, nothing configured, every port and uplink gone until the lab makes it again. */
  restartEmpty(): Promise<void>;
}

/** Requests that change something. */
export interface Writes {
  readonly total: number;
  readonly byMessage: ReadonlyMap<string, number>;
}

function writesOf(counts: ReadonlyMap<string, number>): Writes {
  return { total: [...counts.values()].reduce((sum, count) => sum + count, 0), byMessage: new Map(counts) };
}

/** A running simulator. */
export class Simulator {
  readonly name: string;
  readonly socketPath: string;
  readonly faults: SimulatorFaults;
  readonly #rules = new FaultRules();
  readonly #api: SpokenApi;
  readonly #table: ApiMessageTable;
  readonly #server: ApiServer;
  readonly #ports = new Set<Port>();
  readonly #endpoints = new Set<PortEndpoint>();
  readonly #writesByMessage = new Map<string, number>();
  readonly #writesOfFollowers = new Map<string, number>();
  #engine: Engine;

  constructor(private readonly options: SimulatorOptions) {
    this.name = options.name;
    this.#api = new SpokenApi(options.release ?? newestRelease);
    this.#table = new ApiMessageTable(this.#api.definitions.schema());
    this.socketPath = options.socketPath;
    this.#server = new ApiServer(options.socketPath, () => this.#sessionHost());
    this.#engine = this.#newEngine();
    this.faults = {
      refuse: (message, retval, times) => this.#rules.refuse(message, retval, times),
      delay: (message, ms, times) => this.#rules.delay(message, ms, times),
      clear: () => this.#rules.clear(),
      dropConnection: () => this.#server.dropClients(),
      restartEmpty: () => this.#restart(),
    };
  }

  /** The forwarding itself, for tests that look inside. Replaced by a restart. */
  get engine(): Engine {
    return this.#engine;
  }

  start(): Promise<void> {
    return this.#server.listen();
  }

  async stop(): Promise<void> {
    await this.#closeEndpoints();
    await this.#server.close();
  }

  async #closeEndpoints(): Promise<void> {
    await Promise.all([...this.#endpoints].map((endpoint) => endpoint.close()));
    this.#endpoints.clear();
  }

  #newEngine(): Engine {
    const engine = new Engine(
      (this.options.clock ?? systemClock).now,
      (this.options.release ?? newestRelease).anyIp6Length,
    );
    const batch = new InterfaceEventBatch((events) => {
      if (this.#engine === engine) this.#server.sendEvents(events);
    });
    engine.interfaces.onChange((of, change) => batch.add(of, change));
    return engine;
  }

  #sessionHost(): SessionHost {
    return {
      name: this.name,
      engine: this.#engine,
      table: this.#table,
      api: this.#api,
      handlers,
      faults: this.#rules,
      clock: this.options.clock ?? systemClock,
      onWrite: (message, follows) => {
        for (const counts of [this.#writesByMessage, ...(follows ? [this.#writesOfFollowers] : [])])
          counts.set(message, (counts.get(message) ?? 0) + 1);
      },
      onBadClient: (error) => this.options.logger?.warn({ err: error, simulator: this.name }, 'api client failed'),
    };
  }

  async #restart(): Promise<void> {
    await this.#server.close();
    await this.#closeEndpoints();
    for (const port of this.#ports) port.detach();
    this.#ports.clear();
    this.#engine = this.#newEngine();
    await this.#server.listen();
  }

  /** Makes a VM's port: up, with a VM attached. */
  addPort(options: PortOptions): Port {
    return this.#addDevice('port', options);
  }

  /** Makes an uplink: up, with link, joined to nothing. */
  addUplink(options: PortOptions): Port {
    return this.#addDevice('uplink', options);
  }

  #addDevice(kind: 'port' | 'uplink', options: PortOptions): Port {
    const port = new Port(this.#engine, kind, options, this.options.wallClock ?? Date.now);
    this.#ports.add(port);
    return port;
  }

  /** Opens a unix socket through which another process can be the VM (see the README for the frames' form). */
  async openPortSocket(port: Port, path: string): Promise<PortEndpoint> {
    const endpoint = await openEndpoint(port, path);
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  counters(swIfIndex: number): InterfaceCounters | undefined {
    return this.#engine.countersOf(swIfIndex);
  }

  /** Requests that change something, counted since the start or `resetWrites`: all, and by message. */
  get writes(): Writes {
    return writesOf(this.#writesByMessage);
  }

  /** The same of clients that had asked for interface events before: whoever works on VPP, after it has found out what VPP is like. */
  get writesOfFollowers(): Writes {
    return writesOf(this.#writesOfFollowers);
  }

  /** Its API in the shape of VPP's `*.api.json` files, file by file: for releases that have no get_api_json. */
  apiFiles(): readonly { readonly name: string; readonly text: string }[] {
    return this.#api.definitions.modules.map((module) => ({
      name: `${module.module}.api.json`,
      text: JSON.stringify(module),
    }));
  }

  resetWrites(): void {
    this.#writesByMessage.clear();
    this.#writesOfFollowers.clear();
  }

  get clientCount(): number {
    return this.#server.clientCount;
  }

  /** Frames since the start of which a real VPP may have died, or not. */
  get undefinedFrames(): number {
    return this.#engine.forwarder.counters.undefinedFrames;
  }

  /** What is configured, as plain data that two runs can be compared by. */
  dumpState(): SimulatorState {
    return stateOf(this.#engine);
  }
}

/** Starts a simulator. Rejects when the socket path cannot be used. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const simulator = new Simulator(options);
  await simulator.start();
  return simulator;
}

/** Lays a cable between two uplinks, of one simulator or of two in this process; the function returned cuts it. */
export function joinUplinks(a: Port, b: Port): () => void {
  const cuts = [
    a.onFrameWithBudget((frame, budget) => b.send(frame, budget)),
    b.onFrameWithBudget((frame, budget) => a.send(frame, budget)),
  ];
  return () => {
    for (const cut of cuts) cut();
  };
}
