import type { Clock } from '@taas/service';
import { physnetTagPrefix, type VppSnapshot } from '@taas/wiring';
import type { Contained } from '../contained.js';
import type { Uplinks } from '../presence/uplinks.js';
import { missesPort } from '../probes/ports.js';
import type { ProbeSchedule } from '../probes/probe-schedule.js';
import type { Probes } from '../probes/probes.js';
import type { VppSession } from '../vpp/vpp-session.js';
import { affectedTaps } from '../wanted/affected-taps.js';
import { addTap, addTaps, type GatheredTaps, noTaps, type TapIds } from '../wanted/tap-ids.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import type { RetrySchedule } from './retry-schedule.js';

export interface DirtyTapsOptions {
  readonly wanted: Pick<WantedFollower, 'wanted'>;
  readonly retries: RetrySchedule;
  readonly probes: Probes;
  readonly schedule: ProbeSchedule;
  readonly uplinks: Pick<Uplinks, 'look'>;
  readonly snapshot: VppSnapshot;
  readonly contained: Contained;
  readonly clock: Clock;
}

/** What a pass is about. */
export interface Gathered {
  readonly taps: TapIds;
  /** Those among them of which something else is wanted than before: nobody has undone them. */
  readonly asked: TapIds;
}

/** Gathers the taps that there is a reason to reconcile now: their records, VPP's events, the probes that are due, retries. */
export class DirtyTaps {
  constructor(private readonly options: DirtyTapsOptions) {}

  /** @param changed those whose records have changed */
  async gather(session: VppSession, changed: TapIds): Promise<Gathered> {
    const { wanted, retries, probes, schedule, uplinks, clock } = this.options;
    const [taps, asked] = [noTaps(), noTaps()];
    addTaps(asked, changed);
    const tags = await session.watch.catchUp();
    addTaps(taps, affectedTaps(tags, wanted.wanted));
    // Whether copies can travel by an uplink is for the server to know, too.
    if ([...tags].some((tag) => tag.startsWith(physnetTagPrefix))) await uplinks.look(session.reader);
    const now = clock.monotonic();
    for (const probe of [probes.drift, probes.dataPlane, probes.budget, probes.counters]) {
      if (!schedule.isDue(probe, now)) continue;
      const dirty = await schedule.run(probe, session);
      addTaps(probe.decides ? asked : taps, dirty.taps);
      if (dirty.everything) schedule.hasten(probes.resync);
    }
    addTaps(taps, asked);
    for (const tap of retries.due(now)) addTap(taps, tap);
    await this.#lookForPorts(session, taps, now);
    return { taps, asked };
  }

  /** Last, since a port that one of these taps misses may have been made a moment ago. */
  async #lookForPorts(session: VppSession, taps: GatheredTaps, now: number): Promise<void> {
    const { wanted, probes, schedule, snapshot, contained } = this.options;
    if (schedule.isDue(probes.ports, now)) addTaps(taps, (await schedule.run(probes.ports, session)).taps);
    else if (missesPort(taps, wanted, snapshot, contained)) await schedule.run(probes.ports, session);
  }
}
