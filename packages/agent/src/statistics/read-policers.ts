import { parseOwnTag, type VppSnapshot } from '@taas/wiring';
import { type PolicerCounts, readCounts } from '../vpp/policer-counts.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import type { CounterSource } from './counter-source.js';

/**
 * What our policers have counted, by name, as far as they police something. What the statistics segment does not have, as in releases
 * without counters of policers there, is read by the command line.
 * @param odd is told of one whose counts cannot be read
 */
export async function readPolicers(
  vpp: Vpp,
  source: Pick<CounterSource, 'read'>,
  { policings }: Pick<VppSnapshot, 'policings'>,
  odd: (name: string) => void,
): Promise<ReadonlyMap<string, PolicerCounts>> {
  const ours = [...policings.all()].flatMap(({ policer }) => (policer && parseOwnTag(policer.name) ? [policer] : []));
  const { policed } = await source.read(vpp, { interfaces: [], policers: true });
  const counts = new Map(
    ours.flatMap((policer) => {
      const found = policed(policer);
      if (!found) return [];
      const passed = { packets: Number(found.passedPackets), bytes: Number(found.passedBytes) };
      const dropped = { packets: Number(found.droppedPackets), bytes: Number(found.droppedBytes) };
      return [[policer.name, { passed, dropped }] as const];
    }),
  );
  return counts.size < ours.length ? readCounts(vpp, odd) : counts;
}
