import type { PhysnetRecord } from '@taas/model';
import type { ReservedVlans } from './judge-vlans.js';

/** What the leading server has just found out of the reserved VLANs of a physical network. */
export type Finding =
  | { readonly is: 'safe' }
  /** The operator says so, and nobody was asked. */
  | { readonly is: 'exclusive' }
  /** For the operator. */
  | { readonly is: 'unsafe'; readonly why: string }
  /** Whoever would know has not answered. */
  | { readonly is: 'unknown'; readonly why: string };

export interface Circumstances {
  readonly reserved: ReservedVlans;
  readonly finding: Finding;
  /** What was written before; null: nothing that can be read. */
  readonly before: PhysnetRecord | null;
  /** Nodes with an agent that tells of its uplinks now, and whether that of the physnet is in layer 2. */
  readonly nodes: ReadonlyMap<string, boolean>;
  /** The time, in ms since the epoch: compared with what another server has written, which has no other clock in common. */
  readonly now: number;
  /** How long links that stand stay while nobody can tell, in ms. */
  readonly keepMs: number;
}

/** How far the clocks of two servers may be apart, in ms. */
const skewMs = 60_000;
/** How often the time of the last answer is written anew, as a part of the time for which it counts. */
const refreshes = 10;

/**
 * What is to be written of a physical network. Not knowing never opens it: while nobody can tell, links that stand are kept for a
 * while after the last answer, and then closed. A node that was in layer 2 counts as such until its agent says otherwise.
 */
export function physnetVerdict(given: Circumstances): PhysnetRecord {
  const { reserved, finding, nodes, now } = given;
  const before = coversRange(given.before, reserved) ? given.before : null;
  const remembered = (given.before?.layer2_nodes ?? []).filter((node) => !nodes.has(node));
  const published = [...nodes].flatMap(([node, isInLayer2]) => (isInLayer2 ? [node] : []));
  const base = {
    ...({ v: 1, first: reserved.first, last: reserved.last } as const),
    layer2_nodes: [...new Set([...remembered, ...published])].sort(),
  };
  if (finding.is === 'exclusive') return { ...base, vlans: 'open', reason: '', checked_at: null };
  if (finding.is === 'safe') {
    const isRecent = before?.checked_at != null && Math.abs(now - before.checked_at) < given.keepMs / refreshes;
    return { ...base, vlans: 'open', reason: '', checked_at: isRecent ? before.checked_at : now };
  }
  const { why } = finding;
  const last = finding.is === 'unknown' ? (before?.checked_at ?? null) : null;
  const counts = last !== null && now - last <= given.keepMs && last - now <= skewMs;
  return { ...base, vlans: counts ? 'kept' : 'closed', reason: why, checked_at: counts ? last : null };
}

/** Whether a record tells of all ids of a range. */
export function coversRange(
  record: PhysnetRecord | null,
  { first, last }: Pick<ReservedVlans, 'first' | 'last'>,
): record is PhysnetRecord {
  return record !== null && record.first <= first && record.last >= last;
}
