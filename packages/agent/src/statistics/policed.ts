import { CombinedCounters, type StatsValue } from 'vpp-api';
import { canCountPolicers, parseCounts } from '../vpp/policer-counts.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import type { Policed, Reading } from './reading.js';

/** Combined counters of the statistics segment, by a policer's index (`policer_counters` in VPP's policer plugin). */
export const policerNames = ['/net/policer/conform', '/net/policer/exceed', '/net/policer/violate'] as const;

/** What policers have counted, of a segment that has it; null: it has not. */
export function policedBySegment(values: ReadonlyMap<string, StatsValue>): Reading['policed'] | null {
  const [conform, exceed, violate] = policerNames.map((name) => values.get(name));
  const hasAll =
    conform instanceof CombinedCounters && exceed instanceof CombinedCounters && violate instanceof CombinedCounters;
  if (!hasAll) return null;
  return ({ index }): Policed | undefined =>
    index >= conform.length
      ? undefined
      : {
          passedPackets: conform.packets(index),
          passedBytes: conform.bytes(index),
          droppedPackets: exceed.packets(index) + violate.packets(index),
          droppedBytes: exceed.bytes(index) + violate.bytes(index),
        };
}

/** The same by `show policer`, where that tells it. @throws errors of VPP */
export async function policedByCommandLine(vpp: Vpp, isAsked: boolean): Promise<Reading['policed']> {
  if (!isAsked || !canCountPolicers(vpp)) return () => undefined;
  const { reply } = await vpp.request('cli_inband', { cmd: 'show policer' });
  const counts = parseCounts(reply, () => undefined);
  return ({ name }): Policed | undefined => {
    const found = counts.get(name);
    if (!found) return undefined;
    return {
      passedPackets: BigInt(found.passed.packets),
      passedBytes: BigInt(found.passed.bytes),
      droppedPackets: BigInt(found.dropped.packets),
      droppedBytes: BigInt(found.dropped.bytes),
    };
  };
}
