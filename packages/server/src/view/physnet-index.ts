import { type AgentRecord, type PhysnetRecord, physnetsInLayer2 } from '@taas/model';
import type { ValuedEntry } from './entry.js';
import { Groups } from './groups.js';
import { coversRange } from './physnet-verdict.js';

/**
 * Whether copies may travel by reserved VLANs. `open`: yes. `kept`: where they do already, since nobody can tell just now.
 * `closed`: no, or nobody knows.
 */
export type VlanStanding = PhysnetRecord['vlans'];

export interface VlanRange {
  readonly physnet: string;
  readonly first: number;
  readonly last: number;
  /** The operator says that nobody else is on the physnet's trunk. */
  readonly exclusive: boolean;
}

/** What is known of physical networks: what the leader has found out, and what agents say of their uplinks. */
export class PhysnetIndex {
  readonly #records = new Map<string, ValuedEntry<PhysnetRecord>>();
  /** Nodes by physnet. */
  readonly #inLayer2 = new Groups<string, string>();
  /** By node, of those whose agent tells. */
  readonly #published = new Map<string, ReadonlySet<string>>();

  /** @returns physnets of which something else holds now */
  setRecord(physnet: string, entry: ValuedEntry<PhysnetRecord> | undefined): readonly string[] {
    return this.#changed([physnet], () => {
      if (entry) this.#records.set(physnet, entry);
      else this.#records.delete(physnet);
    });
  }

  /** @param record null if the node's agent is silent @returns as {@link setRecord} */
  setAgent(node: string, record: AgentRecord | null): readonly string[] {
    const before = this.#published.get(node) ?? new Set<string>();
    const tells = record !== null && record.vpp_version !== null;
    const now = new Set(tells ? physnetsInLayer2(record) : []);
    return this.#changed([...before, ...now], () => {
      for (const physnet of before) this.#inLayer2.remove(physnet, node);
      for (const physnet of now) this.#inLayer2.add(physnet, node);
      if (tells) this.#published.set(node, now);
      else this.#published.delete(node);
    });
  }

  record(physnet: string): ValuedEntry<PhysnetRecord> | undefined {
    return this.#records.get(physnet);
  }

  names(): IterableIterator<string> {
    return this.#records.keys();
  }

  /** Nodes whose agent tells, and whether the uplink of the physnet is in layer 2 there. */
  uplinksOf(physnet: string): ReadonlyMap<string, boolean> {
    return new Map([...this.#published].map(([node, physnets]) => [node, physnets.has(physnet)]));
  }

  /** What agents know outweighs what the operator says, and that what Neutron does. */
  standing(range: VlanRange): VlanStanding {
    const { physnet, exclusive } = range;
    const entry = this.#records.get(physnet);
    const record = entry?.record ?? null;
    if (this.#isInLayer2(physnet) || (entry && record === null)) return 'closed';
    if (exclusive) return 'open';
    return coversRange(record, range) ? record.vlans : 'closed';
  }

  /** For the operator: how a range stands, and why. */
  describe(range: VlanRange): string {
    const record = this.#records.get(range.physnet)?.record;
    const nodes = [...new Set([...this.#inLayer2.get(range.physnet), ...(record?.layer2_nodes ?? [])])].sort();
    const standing = this.standing(range);
    if (nodes.length > 0) return `${standing}: the uplink is in layer 2 on ${nodes.join(', ')}`;
    const reason = record?.reason ?? 'nobody has found out yet whether it is for TaaS alone';
    return standing === 'open' || reason === '' ? standing : `${standing}: ${reason}`;
  }

  #isInLayer2(physnet: string): boolean {
    const remembered = this.#records.get(physnet)?.record?.layer2_nodes.length ?? 0;
    return remembered > 0 || this.#inLayer2.count(physnet) > 0;
  }

  #changed(physnets: readonly string[], change: () => void): readonly string[] {
    const unique = [...new Set(physnets)];
    const before = unique.map((physnet) => this.#fingerprint(physnet));
    change();
    return unique.filter((physnet, n) => this.#fingerprint(physnet) !== before[n]);
  }

  #fingerprint(physnet: string): string {
    const entry = this.#records.get(physnet);
    const { vlans, first, last } = entry?.record ?? {};
    return JSON.stringify([entry !== undefined, vlans, first, last, this.#isInLayer2(physnet)]);
  }
}
