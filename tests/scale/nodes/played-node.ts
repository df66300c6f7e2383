import {
  addTaps,
  eachTap,
  noTaps,
  Presence,
  StateReporter,
  StateWriter,
  splitTapName,
  type TapIds,
  type TapName,
  tapName,
  WakeUp,
  WantedFollower,
} from '@taas/agent/testing';
import { type AgentRecord, captureCapability, heartbeatCapability, statisticsCapability } from '@taas/model';
import { type Clock, silentLogger } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import {
  canonicalAddress,
  defaultBridgeDomains,
  linksOf,
  type NodeFacts,
  noOverload,
  type Plan,
  planNode,
  planTaps,
  verify,
} from '@taas/wiring';
import { VppDouble } from '@taas/wiring/testing';

export interface PlayedNodeOptions {
  readonly node: string;
  readonly tunnelAddress: string;
  readonly endpoints: readonly string[];
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Counts since the start of the process. */
export interface NodeFigures {
  /** Steps carried out in the data plane, by kind. */
  readonly steps: Record<string, number>;
  /** Taps that were found not to stand after a plan was carried out. */
  failures: number;
}

const storing = { firstMs: 50, maxMs: 5000 };
/** networking-vpp's bridge domain, in which all ports are. */
const tenants = 10;

/**
 * A compute node: the agent's own follower, presence, planner, verdicts and state writer, with a connection to etcd of its own. Its
 * VPP is one in memory that does what it is told at once; ports are plugged in when a record first names them.
 */
export class PlayedNode {
  readonly #vpp = new VppDouble();
  readonly #facts: NodeFacts;
  readonly #uplink: number;
  #ids = noTaps();
  #whole = false;
  #wanted: WantedFollower | null = null;
  #running: { readonly stop: AbortController; readonly store: Store; readonly tasks: Promise<unknown> } | null = null;
  /** What the last verdict of each tap was. */
  readonly #standing = new Map<TapName, string>();

  constructor(
    private readonly options: PlayedNodeOptions,
    private readonly figures: NodeFigures,
  ) {
    this.#vpp.addDomain(tenants, 'theirs');
    this.#uplink = this.#vpp.addInterface({ name: 'eth0', tag: 'net-vpp.physnet:phys1' });
    this.#facts = {
      ...{ uplinks: new Map(), tunnelAddress: options.tunnelAddress, bridgeDomains: defaultBridgeDomains },
      ...{ policedKbps: null, overload: noOverload },
    };
  }

  /** Taps that stand, and those that are there. */
  get standing(): { readonly active: number; readonly taps: number; readonly complete: boolean } {
    let active = 0;
    for (const status of this.#standing.values()) if (status === 'ACTIVE') active += 1;
    return { active, taps: this.#standing.size, complete: this.#wanted?.complete ?? false };
  }

  get running(): boolean {
    return this.#running !== null;
  }

  /** The agent starts; the data plane is as it was. */
  start(): void {
    if (this.#running) return;
    const { node, endpoints, leaseSeconds: ttlSeconds, clock, random } = this.options;
    const stop = new AbortController();
    const { signal } = stop;
    const logger = silentLogger;
    const store = createEtcdStore({ endpoints, clock, logger, random });
    const wake = new WakeUp();
    const wanted = new WantedFollower(store, node, logger, {
      changed: (ids) => {
        addTaps(this.#ids, ids);
        wake.call();
      },
      replaced: () => {
        this.#whole = true;
        wake.call();
      },
    });
    const presence = new Presence({ store, node, ttlSeconds, clock, logger, random, backoff: storing });
    presence.update(this.#record());
    const writer = new StateWriter(store, node, clock);
    const reporter = new StateReporter({
      ...{ writer, clock, logger, random, backoff: storing },
      beforeRemoved: async (entries) => entries.map((entry) => ({ ...entry, figures: 'none' as const })),
    });
    const tasks = Promise.all([
      wanted.follow(signal),
      presence.keep(signal),
      reporter.keep(signal),
      this.#work(wanted, reporter, wake, signal),
    ]);
    this.#wanted = wanted;
    this.#running = { stop, store, tasks };
  }

  /** The agent ends; as with the real one its lease runs out by itself, and the data plane goes on. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    running.stop.abort(new Error('the agent was stopped'));
    await running.tasks;
    await running.store.close();
  }

  async #work(wanted: WantedFollower, reporter: StateReporter, wake: WakeUp, signal: AbortSignal): Promise<void> {
    for (;;) {
      await wake.wait(signal);
      if (signal.aborted) return;
      if (!wanted.complete) continue;
      const [whole, ids] = [this.#whole, this.#ids];
      this.#whole = false;
      this.#ids = noTaps();
      this.#pass(wanted, reporter, whole, ids);
    }
  }

  #pass(follower: WantedFollower, reporter: StateReporter, whole: boolean, ids: TapIds): void {
    const { wanted } = follower;
    this.#plugIn(follower, whole ? null : ids);
    const vpp = this.#vpp;
    const make = (): Plan =>
      whole ? planNode(wanted, vpp.state, this.#facts) : planTaps(ids, wanted, vpp.state, this.#facts);
    const plan = make();
    const failures = vpp.execute(plan);
    for (const { kind } of vpp.steps) this.figures.steps[kind] = (this.figures.steps[kind] ?? 0) + 1;
    vpp.steps = [];
    const verdicts = verify(plan.sequences.length === 0 ? plan : make(), failures);
    for (const { kind, id, status } of verdicts) {
      if (status === 'ERROR') this.figures.failures += 1;
      this.#standing.set(tapName(kind, id), status);
    }
    for (const tap of whole ? [...this.#standing.keys()] : [...eachTap(ids)].map(([kind, id]) => tapName(kind, id))) {
      const { kind, id } = splitTapName(tap);
      if (!wanted.knows(kind, id)) this.#standing.delete(tap);
    }
    reporter.report(verdicts);
    reporter.prune((kind, id) => wanted.knows(kind, id));
  }

  /** @param ids null for all */
  #plugIn({ wanted }: WantedFollower, ids: TapIds | null): void {
    const services = ids ? [...ids.services].flatMap((id) => wanted.service(id) ?? []) : [...wanted.services()];
    const flows = ids ? [...ids.flows].flatMap((id) => wanted.flow(id) ?? []) : [...wanted.flows()];
    for (const { record } of services) {
      this.#plug(record.port_id);
      this.#route(record.id, wanted);
    }
    for (const { record } of flows) {
      this.#plug(record.source_port);
      this.#route(record.tap_service_id, wanted);
    }
  }

  #plug(port: string): void {
    const [there] = this.#vpp.state.interfaces.by('tag', `net-vpp.port:${port}`);
    if (there === undefined) this.#vpp.join(this.#vpp.addPort(port), tenants);
  }

  #route(service: string, wanted: WantedFollower['wanted']): void {
    for (const link of linksOf(service, wanted))
      if (link.type === 'vxlan')
        this.#vpp.state.routes.put(canonicalAddress(link.remote), { to: 'interface', index: this.#uplink });
  }

  #record(): AgentRecord {
    const { node, tunnelAddress } = this.options;
    return {
      ...{ v: 1, node, agent_version: 'scale', vpp_version: 'in memory', tunnel_address: tunnelAddress },
      ...{ physnets: [], layer2_physnets: [] },
      capabilities: [heartbeatCapability, statisticsCapability, captureCapability],
    };
  }
}
