import { createPolicy, defaultRules } from '@taas/policy';
import { fixed } from '@taas/service';
import { remoteAddressPolicy, usualRemoteAddresses } from '../addresses/remote-address-policy.js';
import { tellCaptureRead } from '../audit/capture-read.js';
import { Access } from '../auth/access.js';
import { CaptureDesk } from '../captures/capture-desk.js';
import type { OpenReceiver } from '../captures/receiver-socket.js';
import { Contained } from '../errors/contained.js';
import { EventDesk } from '../events/event-desk.js';
import { parseListQuery } from '../http/list-query.js';
import { Slices } from '../slices/slices.js';
import { StatisticsDesk } from '../statistics/statistics-desk.js';
import { Placements } from '../status/placements.js';
import { StatusReader } from '../status/tap-status.js';
import { TappedPortsIndex } from '../status/tapped-ports-index.js';
import { Admission } from '../taps/admission/admission.js';
import { noQuota } from '../taps/admission/quotas.js';
import { Recheck } from '../taps/admission/recheck.js';
import { listable } from '../taps/attributes.js';
import { TapPlanner } from '../taps/plan/tap-planner.js';
import { TapController } from '../taps/tap-controller.js';
import { attributes, statusOf } from '../taps/tap-kinds.js';
import { noTerms } from '../taps/terms/tap-terms.js';
import { noWriteLimits, WriteBudget } from '../taps/write-budget.js';
import { OwnWrites } from '../view/own-writes.js';
import type { ApiDeps } from './api-deps.js';
import type { ApiLimits } from './api-limits.js';
import { ProjectPlaces } from './project-places.js';
import { QuotaController } from './quota-controller.js';

function receiverOf({ captures }: ApiDeps) {
  if (!captures)
    return { address: '', listenAddress: '', server: '', openReceiver: noReceiver, compileExpression: nobody };
  const { address, listenAddress, server, open, compileExpression, limits } = captures;
  return { address, listenAddress, server, openReceiver: open, compileExpression, ...(limits ? { limits } : {}) };
}

const nobody = () => Promise.reject(new Error('no receiver is configured'));
const noReceiver: OpenReceiver = nobody;

/** How long before its end a tap says so, in ms. */
const usualWarningMs = 3_600_000;

/** What the API is made of below HTTP: for one server. */
export function apiParts(deps: ApiDeps, limits: ApiLimits) {
  const { store, live, ports, policy, clock, newId } = deps;
  const { catchUpMs, lingerMs } = limits;
  const quotaLimits = deps.quotas ?? noQuota;
  const writes = new OwnWrites();
  const access = new Access(deps.rules ?? fixed(createPolicy({ defaults: defaultRules })));
  const remoteAddresses = deps.remoteAddresses ?? remoteAddressPolicy(usualRemoteAddresses);
  const admissionDeps = {
    ...{ live, ports, catchUpMs, remoteAddresses },
    quotas: quotaLimits,
    lookUpMs: limits.requestMs,
    place: deps.place ?? (() => undefined),
  };
  const admission = new Admission({ ...admissionDeps, store });
  const contained = deps.contained ?? new Contained(deps.logger);
  const placements = deps.placements ?? new Placements(live.view, policy);
  const slices = deps.slices ?? new Slices({ clock });
  if (!deps.placements) live.subscribe((dirty) => placements.forget(dirty));
  const tappedPorts = new TappedPortsIndex(live.view);
  live.subscribe((dirty) => tappedPorts.take(dirty));
  const mirrorRules = { addresses: remoteAddresses, projectShare: policy.projectShare };
  const shared = {
    ...{ store, live, access, writes, slices, clock, newId, catchUpMs, bulkItems: limits.bulkItems },
    recheck: new Recheck({ store, live, writes, clock, catchUpMs, lingerMs }),
    budget: new WriteBudget(deps.writes ?? noWriteLimits, clock),
    ...{
      terms: deps.terms ?? noTerms,
      warning: { now: () => clock.now(), beforeMs: deps.warnBeforeMs ?? usualWarningMs },
    },
    receiptPlaces: deps.receipts ?? null,
    checkRoom: deps.checkRoom ?? (() => undefined),
  };
  const controller = new TapController({ ...shared, admission, placements, mirrorRules, contained });
  const places = new ProjectPlaces({ places: limits.projectLists, waiting: limits.projectLists * 8 });
  const planner = new TapPlanner({
    ...{ ...shared, admission: admissionDeps, rules: { policy, mirrors: mirrorRules } },
    takePlace: (project, signal) => places.take(project, signal),
    mayWrite: deps.audit?.checkOpen ?? (() => undefined),
  });
  const quotas = new QuotaController({ store, live, access, writes, defaults: quotaLimits, catchUpMs });
  const taps = { controller, limits, slices, places };
  const tapped = { live, index: tappedPorts, access, writes, slices, places, catchUpMs, contained };
  const desk = new StatisticsDesk({ store, live, clock, ...(deps.statistics ? { limits: deps.statistics } : {}) });
  const statistics = { store, controller, desk, live, access, writes, slices, catchUpMs };
  const events = new EventDesk({
    ...{ live, controller, clock, newId, limits: deps.events ?? {} },
    queryOf: (kind, ids) =>
      parseListQuery(
        ids.map((id) => ['id', id] as const),
        listable(attributes[kind], 0),
      ),
  });
  const plans = { live, planner, access, quotas: quotaLimits };
  const reader = new StatusReader(live.view, placements, mirrorRules, contained);
  const captures = new CaptureDesk({
    ...{ ...shared, admission, logger: deps.logger },
    statusOf: (flow) => statusOf('tap_flows', flow, reader),
    behalves: deps.audit?.behalves,
    findFlow: (id, caller) => controller.findFlow(id, caller),
    tellRead: async (capture) => {
      if (deps.audit) await tellCaptureRead({ store, clock, newId, behalves: deps.audit.behalves }, capture);
    },
    ...receiverOf(deps),
  });
  return { access, writes, slices, quotas, taps, plans, tapped, statistics, captures, events };
}
