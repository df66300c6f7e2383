import { lossStages, type Stage, stageFacts, stages } from './stage.js';
import { type Gap, gapCauses, type StageCount } from './statistics-record.js';

/**
 * Why copies that a tap asked for did not reach its collector. What a filter did not want is no loss.
 * - `not_mirrored`: frames of the source while nothing was mirrored: the tap was not ACTIVE.
 * - `thinned`: over the operator's budget.
 * - `underlay`: sent by a node, and not arrived at the other.
 * - `ring_full`: the collector's virtual machine did not read fast enough.
 * - `no_vm`: nothing was connected to the collector's port.
 * - `unaccounted`: a node counted it coming in and not going out, and no counter says why.
 */
export const lossCauses = ['not_mirrored', 'thinned', 'underlay', 'ring_full', 'no_vm', 'unaccounted'] as const;
export type LossCause = (typeof lossCauses)[number];

/** Packets and bytes; bytes are null where VPP counts packets alone. */
export interface Amount {
  readonly packets: bigint;
  readonly bytes: bigint | null;
}

/**
 * What was counted at a stage, all directions together.
 * @returns null if the stage is not counted there: nobody knows, which is not zero
 */
export function amountAt(counts: readonly StageCount[], stage: Stage): Amount | null {
  let sum: Amount | null = null;
  for (const each of counts) if (each.stage === stage) sum = sum ? plus(sum, amountOf(each)) : amountOf(each);
  return sum;
}

/** As {@link amountAt}, packets alone. */
export function packetsAt(counts: readonly StageCount[], stage: Stage): bigint | null {
  return amountAt(counts, stage)?.packets ?? null;
}

/**
 * Adds what several nodes (or one node before and after) have counted, by stage and direction, in the order of custody. Where one
 * of them has no bytes, nor has the sum.
 */
export function sumStages(lists: Iterable<readonly StageCount[]>): StageCount[] {
  const sums = new Map<string, { of: StageCount; amount: Amount }>();
  for (const list of lists)
    for (const each of list) {
      const key = `${each.stage} ${each.direction}`;
      const before = sums.get(key)?.amount;
      sums.set(key, { of: each, amount: before ? plus(before, amountOf(each)) : amountOf(each) });
    }
  return inOrder([...sums.values()].map(({ of, amount }) => stageCount(of.stage, of.direction, amount)));
}

/** Adds gaps by cause. Packets are absent where nobody counted any. */
export function sumGaps(lists: Iterable<readonly Gap[]>): Gap[] {
  const sums = new Map<Gap['cause'], Gap>();
  for (const list of lists)
    for (const { cause, milliseconds, packets } of list) {
      const before = sums.get(cause);
      const counted =
        packets === undefined && before?.packets === undefined
          ? {}
          : { packets: String(BigInt(packets ?? 0) + BigInt(before?.packets ?? 0)) };
      sums.set(cause, { cause, milliseconds: milliseconds + (before?.milliseconds ?? 0), ...counted });
    }
  return gapCauses.flatMap((cause) => sums.get(cause) ?? []);
}

/** In the order of the chain of custody; a stage's directions are IN, OUT, BOTH. */
export function inOrder(counts: readonly StageCount[]): StageCount[] {
  const rank = ({ stage, direction }: StageCount) => stages.indexOf(stage) * 4 + directionOrder.indexOf(direction);
  const isInOrder = counts.every((count, n) => n === 0 || rank(counts[n - 1] as StageCount) <= rank(count));
  return isInOrder ? [...counts] : [...counts].sort((a, b) => rank(a) - rank(b));
}
const directionOrder: readonly StageCount['direction'][] = ['IN', 'OUT', 'BOTH'];

/** A stage's figure as records have it. */
export function stageCount(stage: Stage, direction: StageCount['direction'], { packets, bytes }: Amount): StageCount {
  const counted = String(packets);
  return bytes === null
    ? { stage, direction, packets: counted }
    : { stage, direction, packets: counted, bytes: String(bytes) };
}

/**
 * Packets that one node's stages say have come in and do not say where they went: 0 once traffic pauses. Below 0: more went out
 * than came in. While traffic flows it is off by what passes between the readings of two counters.
 *
 * Where the way out of the node is counted (`sent`, `offered`), it is seen + arrived - filtered - thinned - sent - offered. Of a flow
 * whose way out is shared with others, it is what was seen and not copied.
 * @param counts of one tap, on one node: sums over nodes have no such figure, since each has its own
 * @returns null if it cannot be told from these stages
 */
export function unaccounted(counts: readonly StageCount[]): bigint | null {
  const at = (stage: Stage) => packetsAt(counts, stage);
  const [seen, copied] = [at('seen'), at('copied')];
  if (seen === null && at('arrived') === null) return null;
  if (at('sent') !== null || at('offered') !== null)
    return sum(stages.map((stage) => BigInt(stageFacts(stage).balance) * (at(stage) ?? 0n)));
  return seen === null || copied === null ? null : seen - copied;
}

/** What one node has counted of a tap. */
export interface NodeFigures {
  readonly stages: readonly StageCount[];
  readonly gaps: readonly Gap[];
}

/**
 * What a tap has lost, by cause, over all nodes that have counted. A cause that nobody could count is not in it; one that was
 * counted and did not happen is, with 0. Underlay and what a node has not accounted for are never below 0: what is still on its way is no
 * loss, and what one node counts too much makes up for no loss of another.
 */
export function lossesOf(nodes: readonly NodeFigures[]): Map<LossCause, bigint> {
  const total = sumStages(nodes.map((node) => node.stages));
  const at = (stage: Stage) => packetsAt(total, stage);
  const [sent, arrived] = [at('sent'), at('arrived')];
  const missed = sumGaps(nodes.map((node) => node.gaps)).flatMap(({ packets }) => packets ?? []);
  const open = nodes.flatMap((node) => unaccounted(node.stages) ?? []);
  const found = new Map<LossCause, bigint | null>(lossStages.map(([stage, cause]) => [cause, at(stage)]));
  found.set('not_mirrored', missed.length === 0 ? null : sum(missed.map(BigInt)));
  found.set('underlay', sent === null || arrived === null ? null : atLeast0(sent - arrived));
  found.set('unaccounted', open.length === 0 ? null : sum(open.map(atLeast0)));
  return new Map(
    lossCauses.flatMap((cause) => {
      const lost = found.get(cause) ?? null;
      return lost === null ? [] : [[cause, lost] as const];
    }),
  );
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, each) => total + each, 0n);
const atLeast0 = (value: bigint): bigint => (value < 0n ? 0n : value);

function amountOf({ packets, bytes }: StageCount): Amount {
  return { packets: BigInt(packets), bytes: bytes === undefined ? null : BigInt(bytes) };
}

function plus(a: Amount, b: Amount): Amount {
  return {
    packets: a.packets + b.packets,
    bytes: a.bytes === null || b.bytes === null ? null : a.bytes + b.bytes,
  };
}
