import type { PassThrough } from '@taas/gateway';
import type { ApiDesks } from '../api/api-desks.js';
import { ProjectPlaces } from '../api/project-places.js';
import { QuotaController } from '../api/quota-controller.js';
import { QuotaRoutes } from '../api/quota-routes.js';
import { tellCaptureRead } from '../audit/capture-read.js';
import type { Access } from '../auth/access.js';
import { CaptureDesk } from '../captures/capture-desk.js';
import { EventDesk } from '../events/event-desk.js';
import { parseListQuery } from '../http/list-query.js';
import { StatisticsDesk } from '../statistics/statistics-desk.js';
import { StatusReader } from '../status/tap-status.js';
import { Admission } from '../taps/admission/admission.js';
import { Recheck } from '../taps/admission/recheck.js';
import { listable } from '../taps/attributes.js';
import { TapPlanner } from '../taps/plan/tap-planner.js';
import { TapController } from '../taps/tap-controller.js';
import { attributes, statusOf } from '../taps/tap-kinds.js';
import { WriteBudget } from '../taps/write-budget.js';
import type { OwnWrites } from '../view/own-writes.js';
import type { DeskParts } from './api-parts.js';

export interface DesksBesides {
  readonly access: Access;
  /** What this server has written: whoever asks it is shown at least that. */
  readonly writes: OwnWrites;
  readonly passThrough: PassThrough | null;
}

/** Who answers the API's requests. */
export function openDesks(parts: DeskParts, { access, writes, passThrough }: DesksBesides): ApiDesks {
  const { store, live, policy, contained, slices, placements, limits, audit, clock, newId } = parts;
  const { catchUpMs, lingerMs, bulkItems } = limits;
  const mirrorRules = { addresses: parts.remoteAddresses, projectShare: policy.projectShare };
  const admissionDeps = {
    live,
    ports: parts.ports,
    place: parts.place,
    catchUpMs,
    lookUpMs: limits.requestMs,
    ...{ remoteAddresses: parts.remoteAddresses, quotas: parts.quotas },
  };
  const admission = new Admission({ ...admissionDeps, store });
  const common = {
    store,
    live,
    access,
    writes,
    slices,
    clock,
    newId,
    catchUpMs,
    bulkItems,
    recheck: new Recheck({ store, live, writes, clock, catchUpMs, lingerMs }),
    budget: new WriteBudget(parts.writes, clock),
    terms: parts.terms,
    warning: { now: () => clock.now(), beforeMs: parts.warnBeforeMs },
    receiptPlaces: parts.receipts,
    checkRoom: parts.checkRoom,
  };
  const controller = new TapController({ ...common, admission, placements, mirrorRules, contained });
  const places = new ProjectPlaces({ places: limits.projectLists, waiting: limits.projectLists * 8 });
  const planner = new TapPlanner({
    ...{ ...common, admission: admissionDeps, rules: { policy, mirrors: mirrorRules } },
    takePlace: (project, signal) => places.take(project, signal),
    mayWrite: () => audit?.checkOpen(),
  });
  const quotas = new QuotaController({ store, live, access, writes, defaults: parts.quotas, catchUpMs });
  const counted = new StatisticsDesk({ store, live, clock, limits: parts.statistics });
  const reader = new StatusReader(live.view, placements, mirrorRules, contained);
  return {
    taps: { controller, limits, slices, places },
    quotas: new QuotaRoutes(quotas, passThrough),
    plans: { live, planner, access, quotas: parts.quotas },
    nodes: { live, access, slices, clock, version: parts.version },
    tapped: { live, access, writes, slices, places, catchUpMs, contained },
    statistics: { store, controller, desk: counted, live, access, writes, slices, catchUpMs },
    events: new EventDesk({
      live,
      controller,
      clock,
      newId,
      limits: parts.events,
      queryOf: (kind, ids) =>
        parseListQuery(
          ids.map((id) => ['id', id] as const),
          listable(attributes[kind], 0),
        ),
    }),
    captures: new CaptureDesk({
      ...{ ...common, admission, logger: parts.logger, receiver: parts.captures },
      statusOf: (flow) => statusOf('tap_flows', flow, reader),
      behalves: audit?.behalves,
      findFlow: (id, caller) => controller.findFlow(id, caller),
      tellRead: async (capture, what) => {
        if (audit) await tellCaptureRead({ store, clock, newId, behalves: audit.behalves }, capture, what);
      },
    }),
  };
}
