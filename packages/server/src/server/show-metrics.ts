import type { Metrics } from '@taas/service';
import type { AnsweredRequests } from '../metrics/answered-requests.js';
import { exposeServer } from '../metrics/server-metrics.js';
import { TapTally } from '../taps/tap-tally.js';
import type { LeaderParts } from './leader-parts.js';
import type { SharedParts } from './shared-parts.js';

export interface ShownParts {
  readonly shared: SharedParts;
  readonly leader: LeaderParts;
  readonly answered: AnsweredRequests;
}

/** Shows what the server has counted, as it is at each scrape. */
export function showMetrics(metrics: Metrics, parts: ShownParts, isLeading: () => boolean): void {
  const { shared, leader, answered } = parts;
  const { live, placements, mirrorRules, contained, slices, clock, warnBeforeMs } = shared;
  const { compiler, etcdSpace, receipts } = leader;
  const { view } = live;
  const warning = { now: () => clock.now(), beforeMs: warnBeforeMs };
  const tally = new TapTally({ view, placements, mirrorRules, contained, slices, clock, warning });
  const now = () => ({
    requests: answered.samples(),
    leading: isLeading(),
    fresh: live.fresh,
    ...{ compiler: { backlog: compiler.backlog, ...compiler.stats }, malformed: view.problems.size },
    eventAgeMs: live.heardAt === null ? null : clock.monotonic() - live.heardAt,
    space: etcdSpace?.space ?? null,
    agents: { there: view.agents.size, silent: view.silent.size },
    receipts: receipts.state && { ...receipts.state, problems: receipts.state.problems.size },
  });
  exposeServer(metrics, now, { all: () => tally.samples(), expiring: () => tally.expiring });
}
