import type { Clock } from '@taas/service';
import type { VppSnapshot } from '@taas/wiring';
import type { AgentConfig } from '../config.js';
import type { Contained } from '../contained.js';
import type { Uplinks } from '../presence/uplinks.js';
import type { CounterSource } from '../statistics/counter-source.js';
import type { Counting } from '../statistics/counting.js';
import { readPolicers } from '../statistics/read-policers.js';
import type { PendingTaps } from '../wanted/pending-taps.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import { budgetProbe } from './budget.js';
import type { BudgetKeeper } from './budget-keeper.js';
import { ChangedItems } from './changed-items.js';
import type { CopyWatch } from './copy-watch.js';
import { countersProbe } from './counters.js';
import { dataPlaneProbe } from './data-plane.js';
import { driftProbe } from './drift.js';
import { portsProbe } from './ports.js';
import type { Probe } from './probe.js';
import { resyncProbe } from './resync.js';
import { uplinksProbe } from './uplinks.js';

export interface ProbesOptions {
  readonly intervals: AgentConfig['intervals'];
  readonly snapshot: VppSnapshot;
  readonly wanted: WantedFollower;
  readonly budget: BudgetKeeper;
  readonly copies: CopyWatch;
  readonly counting: Counting;
  readonly source: CounterSource;
  readonly pending: PendingTaps;
  readonly uplinks: Uplinks;
  /** Whether VPP's bits mean something to us. */
  readonly isJudged: () => boolean;
  readonly contained: Contained;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** All probes of an agent, in the order in which they are run; the resync takes the place of all others. */
export type Probes = Readonly<
  Record<'resync' | 'drift' | 'dataPlane' | 'budget' | 'counters' | 'ports' | 'uplinks', Probe>
>;

export function createProbes(options: ProbesOptions): Probes {
  const {
    intervals,
    snapshot,
    wanted,
    budget,
    copies,
    counting,
    source,
    pending,
    uplinks,
    contained,
    clock,
    isJudged,
  } = options;
  return {
    resync: resyncProbe(intervals.verify_ms),
    drift: driftProbe(intervals.liveness_ms, new ChangedItems(snapshot, contained, clock), wanted, uplinks),
    dataPlane: dataPlaneProbe(intervals.traffic_ms, copies, wanted),
    budget: budgetProbe(intervals.budget_ms, budget, wanted, (vpp, odd) => readPolicers(vpp, source, snapshot, odd)),
    counters: countersProbe(intervals.statistics_ms, counting, () => wanted.isAsked && source.method === 'segment'),
    ports: portsProbe(intervals.port_poll_ms, pending, uplinks),
    uplinks: uplinksProbe(intervals.liveness_ms, isJudged, uplinks),
  };
}
