import {
  keys,
  type NodeTapFlow,
  type NodeTapService,
  nodeTapFlowCodec,
  nodeTapServiceCodec,
  prefixes,
  tapStateCodec,
} from '@taas/model';
import { maxTxnOperations, type Operation, type Revision, type Store } from '@taas/store';
import type { BenchPort } from './bench-switch.js';

/** What one node is told, and the ports that it takes. */
export interface AgentLoad {
  readonly services: readonly NodeTapService[];
  readonly flows: readonly NodeTapFlow[];
  readonly ports: readonly BenchPort[];
}

/** `services` local tap services, each with one flow from the first `flowsEach` of `sources` ports, turned on by its number. */
export function agentLoad(size: { services: number; flowsEach: number; sources: number }): AgentLoad {
  const common = { v: 1, project_id: 'bench' } as const;
  const services: NodeTapService[] = [];
  const flows: NodeTapFlow[] = [];
  const ports: BenchPort[] = [];
  for (let n = 0; n < size.sources; n += 1) ports.push({ id: uuid(0xa, n), bridgeDomain: 10 + (n % 40) });
  for (let s = 0; s < size.services; s += 1) {
    const collector = { id: uuid(0xb, s), bridgeDomain: 100 + (s % 10) };
    ports.push(collector);
    services.push({ ...common, id: uuid(0xc, s), port_id: collector.id, inputs: [] });
    for (let f = 0; f < size.flowsEach; f += 1)
      flows.push({
        ...common,
        id: uuid(0xd, s * size.flowsEach + f),
        tap_service_id: uuid(0xc, s),
        source_port: uuid(0xa, (s * size.flowsEach + f) % size.sources),
        direction: (['IN', 'OUT', 'BOTH'] as const)[f % 3] ?? 'BOTH',
        vlan_filter: null,
        filter: [],
        target: { type: 'local' },
      });
  }
  return { services, flows, ports };
}

/** Writes what the server's compiler would write for this node. */
export async function writeLoad(store: Store, node: string, load: AgentLoad): Promise<void> {
  const operations: Operation[] = [
    ...load.services.map((record): Operation => {
      return {
        kind: 'put',
        key: keys.nodeResource(node, 'tap_services', record.id),
        value: nodeTapServiceCodec.format(record),
      };
    }),
    ...load.flows.map((record) => flowOperation(node, record)),
  ];
  for (let n = 0; n < operations.length; n += maxTxnOperations)
    await store.transact({ compare: [], operations: operations.slice(n, n + maxTxnOperations) });
}

export function flowOperation(node: string, record: NodeTapFlow): Operation {
  return {
    kind: 'put',
    key: keys.nodeResource(node, 'tap_flows', record.id),
    value: nodeTapFlowCodec.format(record),
  };
}

/** Follows what a node reports, and counts. */
export class StateFollower {
  readonly #active = new Map<string, Revision>();
  #waiting: (() => void) | null = null;

  constructor(
    private readonly store: Store,
    private readonly node: string,
  ) {}

  /** Number of flows whose newest state is ACTIVE. */
  get active(): number {
    return this.#active.size;
  }

  async follow(signal: AbortSignal): Promise<void> {
    const prefix = `${prefixes.stateTaas(this.node)}tap_flows/`;
    for await (const event of this.store.follow([prefix], signal)) {
      if (event.kind === 'stale') continue;
      if (event.kind === 'snapshot') {
        this.#active.clear();
        for (const { key, value } of event.entries) this.#put(key, value);
      } else {
        for (const change of event.changes)
          if (change.kind === 'put') this.#put(change.entry.key, change.entry.value);
          else this.#active.delete(change.key);
      }
      this.#waiting?.();
    }
  }

  /**
   * Resolves once `reached` holds, looking after every event.
   * @throws Error naming `what` when `timeoutMs` pass before
   */
  async until(what: string, reached: () => boolean, timeoutMs: number): Promise<void> {
    if (reached()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what}: not within ${timeoutMs} ms`)), timeoutMs);
      this.#waiting = () => {
        if (!reached()) return;
        clearTimeout(timer);
        resolve();
      };
    }).finally(() => {
      this.#waiting = null;
    });
  }

  /** Whether the flow's newest state is ACTIVE and about this revision of its record, or a later one. */
  isActive(flow: string, revision: Revision): boolean {
    const seen = this.#active.get(keys.stateResource(this.node, 'tap_flows', flow));
    return seen !== undefined && seen >= revision;
  }

  #put(key: string, value: string): void {
    const state = tapStateCodec.parse(key, value);
    if (state.status === 'ACTIVE') this.#active.set(key, state.revision);
    else this.#active.delete(key);
  }
}

function uuid(kind: number, n: number): string {
  return `${kind.toString(16)}0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}
