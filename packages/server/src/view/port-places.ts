import type { PortBindingRecord } from '@taas/model';
import { type BindingKey, type Bound, BoundPorts, type KnownPlace } from './bound-ports.js';
import type { ValuedEntry } from './entry.js';
import { Groups } from './groups.js';

/**
 * Which keys of our etcd say where a port is bound: networking-vpp's own, or the records that the leading server writes
 * because whoever knows is elsewhere.
 */
export type PlacesFrom = 'bound-ports' | 'records';

export type PortPlace = KnownPlace | { readonly is: 'unknown' };

/** Where ports are bound, as etcd says. */
export class PortPlaces {
  readonly #bound = new BoundPorts();
  readonly #records = new Map<string, ValuedEntry<PortBindingRecord>>();
  readonly #byNode = new Groups<string, string>();

  constructor(readonly from: PlacesFrom) {}

  of(port: string): PortPlace {
    if (this.from === 'bound-ports') return this.#bound.place(port);
    const record = this.#records.get(port)?.record;
    // A malformed record is written anew by the leader; until then it says as much as none.
    if (!record) return { is: 'unknown' };
    if (record.node === null) return { is: 'unbound', reason: record.reason };
    return { is: 'bound', node: record.node, projectId: record.project_id, mtu: record.mtu ?? null };
  }

  /** Ports that may be bound on a node. */
  onNode(node: string): readonly string[] {
    return this.from === 'bound-ports' ? this.#bound.onNode(node) : this.#byNode.get(node);
  }

  record(port: string): ValuedEntry<PortBindingRecord> | undefined {
    return this.#records.get(port);
  }

  /** Ports that have a record. */
  recorded(): IterableIterator<string> {
    return this.#records.keys();
  }

  /** @returns the ports that the key is, or was, about; none if other keys are those that count */
  setBound(at: BindingKey, bound: Bound | undefined): Iterable<string> {
    return this.from === 'bound-ports' ? this.#bound.set(at, bound) : [];
  }

  /** As {@link setBound}, for a key whose value is not believed. */
  refuseBound(at: BindingKey): Iterable<string> {
    return this.from === 'bound-ports' ? this.#bound.refuse(at) : [];
  }

  setRecord(port: string, entry: ValuedEntry<PortBindingRecord> | undefined): void {
    const before = this.#records.get(port)?.record?.node;
    if (entry) this.#records.set(port, entry);
    else this.#records.delete(port);
    if (this.from !== 'records') return;
    if (before) this.#byNode.remove(before, port);
    if (entry?.record?.node) this.#byNode.add(entry.record.node, port);
  }
}
