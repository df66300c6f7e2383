import { packetsAt, type StageCount, type StatisticsRecord, type StatisticsTotals, sumStages } from '@taas/model';
import type { ReceiptAmount, ReceiptFigures } from '@taas/packets';

/** What one node has counted of a tap service, or what those had that have left it. */
type Counted = Pick<StatisticsRecord, 'stages'>;

/**
 * What a receipt says of a tap service.
 * @param nodes the records of all of its nodes
 * @param earlier the sums of those that have left it; null: there are none
 * @param now by this server's clock, for a service that no node counts any more
 * @returns null where a node's sources are not counted, such as a trunk's, whose counters are of its subports, too
 */
export function receiptFigures(
  nodes: readonly StatisticsRecord[],
  earlier: StatisticsTotals | null,
  now: number,
): ReceiptFigures | null {
  const all: readonly Counted[] = earlier ? [...nodes, earlier] : nodes;
  if (all.some(hidesSources)) return null;
  const total = sumStages(all.map(({ stages }) => stages));
  const packets = (stage: 'seen' | 'filtered' | 'thinned') => packetsAt(total, stage) ?? 0n;
  const asked = packets('seen') - packets('filtered');
  const counting = nodes.filter(({ final }) => !final);
  return {
    countedAt: counting.length === 0 ? now : Math.min(...counting.map(({ at }) => at)),
    // Counters are read one after the other.
    asked: asked < 0n ? 0n : asked,
    seen: { IN: seen(total, 'IN'), OUT: seen(total, 'OUT'), BOTH: seen(total, 'BOTH') },
    filtered: packets('filtered'),
    thinned: packets('thinned'),
  };
}

/** It has copies of sources that it does not count. */
function hidesSources({ stages }: Counted): boolean {
  const has = (stage: 'copied' | 'filtered' | 'thinned' | 'sent') => (packetsAt(stages, stage) ?? 0n) > 0n;
  return packetsAt(stages, 'seen') === null && (has('copied') || has('filtered') || has('thinned') || has('sent'));
}

function seen(total: readonly StageCount[], of: StageCount['direction']): ReceiptAmount {
  const found = total.find(({ stage, direction }) => stage === 'seen' && direction === of);
  if (!found) return { packets: 0n, bytes: 0n };
  return { packets: BigInt(found.packets), bytes: found.bytes === undefined ? null : BigInt(found.bytes) };
}
