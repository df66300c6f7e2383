import type { CaptureDesk } from '../captures/capture-desk.js';
import type { EventDesk } from '../events/event-desk.js';
import type { NodeRouteDeps } from './node-routes.js';
import type { PlanRouteDeps } from './plan-routes.js';
import type { QuotaRoutes } from './quota-routes.js';
import type { StatisticsRouteDeps } from './statistics-routes.js';
import type { TapRouteDeps } from './tap-routes.js';
import type { TappedPortsDeps } from './tapped-ports.js';

/** Who answers requests, by what they are about. */
export interface ApiDesks {
  readonly taps: TapRouteDeps;
  readonly quotas: QuotaRoutes;
  readonly plans: PlanRouteDeps;
  readonly nodes: NodeRouteDeps;
  readonly tapped: TappedPortsDeps;
  readonly statistics: StatisticsRouteDeps;
  readonly captures: CaptureDesk;
  readonly events: EventDesk;
}
