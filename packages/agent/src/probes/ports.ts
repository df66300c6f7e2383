import { findPort, type VppSnapshot } from '@taas/wiring';
import type { Contained } from '../contained.js';
import type { Uplinks } from '../presence/uplinks.js';
import type { PendingTaps } from '../wanted/pending-taps.js';
import { noTaps, type TapIds } from '../wanted/tap-ids.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import type { Probe } from './probe.js';

/**
 * Polls the interfaces while a tap waits for something that others make, or an uplink is missing: tags are set without an
 * event. The taps that wait are dirty.
 */
export function portsProbe(intervalMs: number, pending: PendingTaps, uplinks: Uplinks): Probe {
  return {
    name: 'the interfaces',
    interval: () => intervalMs,
    share: 0.1,
    enabled: () => pending.size > 0 || uplinks.someMissing,
    run: async ({ reader }) => {
      await reader.readInterfaces();
      await uplinks.look(reader);
      const taps = noTaps();
      pending.addTo(taps);
      return { taps, everything: false };
    },
  };
}

/** Whether one of these taps has a port that the snapshot does not know: it may have been made a moment ago. */
export function missesPort(
  ids: TapIds,
  { wanted }: Pick<WantedFollower, 'wanted'>,
  snapshot: VppSnapshot,
  contained: Contained,
): boolean {
  const isMissing = (port: string) => contained.attempt(`port ${port}`, () => !findPort(port, snapshot).value, false);
  for (const id of ids.services) {
    const record = wanted.service(id)?.record;
    if (record && !record.removed && isMissing(record.port_id)) return true;
  }
  for (const id of ids.flows) {
    const record = wanted.flow(id)?.record;
    if (record && !record.removed && isMissing(record.source_port)) return true;
  }
  for (const id of ids.mirrors) {
    const record = wanted.mirrors.get(id)?.record;
    if (record && !record.removed && isMissing(record.port_id)) return true;
  }
  return false;
}
