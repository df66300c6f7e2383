import { keys, type ResourceKind } from '@taas/model';
import type { Store } from '@taas/store';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { readTotals } from '../compiler/fold-statistics.js';
import { methodNotAllowed, NeutronError, requestTooSlow, unavailable } from '../errors/neutron-error.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import type { Target } from '../http/request-target.js';
import type { Slices } from '../slices/slices.js';
import { exactJson } from '../statistics/exact-json.js';
import { type Earlier, statisticsAnswer } from '../statistics/statistics-answer.js';
import type { StatisticsDesk } from '../statistics/statistics-desk.js';
import { keyOf, type TapPart, tapParts } from '../statistics/tap-parts.js';
import type { TapController } from '../taps/tap-controller.js';
import type { LiveView } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';

export interface StatisticsRouteDeps {
  readonly store: Store;
  readonly controller: TapController;
  readonly desk: StatisticsDesk;
  readonly live: LiveView;
  readonly access: Access;
  readonly writes: OwnWrites;
  /** A tap service has many flows. */
  readonly slices: Slices;
  readonly catchUpMs: number;
}

/** `GET /v2.0/taas/<kind>/<id>/statistics`: what has been counted of a tap. @throws NeutronError */
export async function statisticsRoute(
  deps: StatisticsRouteDeps,
  request: ApiRequest,
  { kind, id }: Extract<Target, { is: 'statistics' }>,
  caller: Caller,
): Promise<ApiAnswer> {
  if (request.method !== 'GET') throw methodNotAllowed(request.method);
  const { controller, desk, live, access, writes, slices } = deps;
  const record = await controller.find(kind, id, caller);
  access.mayReadStatistics(kind, record, caller);
  await live.reached(writes.revision, deps.catchUpMs);
  if (!live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
  const { own, service } = await slices.run(caller.projectId, tapParts(live.view, kind, record), request.signal);
  const shared = service && maySeeService(deps, service.id, caller) ? service : null;
  const heardNow = await untilGone(request, (signal) =>
    desk.ask([...own, ...(shared?.parts ?? [])], caller.projectId, signal),
  );
  const taps = [{ kind, id: record.id }, ...(shared ? [{ kind: 'tap_services' as const, id: shared.id }] : [])];
  const { earlier, still } = await settledParts(deps, taps, request.signal, async () => {
    const left = await slices.run(caller.projectId, tapParts(live.view, kind, record), request.signal);
    return [...left.own, ...(left.service?.parts ?? [])];
  });
  const heard = heardNow();
  const of = (asked: string) => heard.filter(({ part }) => part.id === asked && still.has(keyOf(part)));
  const statistics = {
    ...statisticsAnswer(kind, record.id, of(record.id), earlier.get(record.id) ?? null),
    // What VPP counts of all flows of a service together cannot be told apart, and is told as what it is.
    ...(shared
      ? { service: statisticsAnswer('tap_services', shared.id, of(shared.id), earlier.get(shared.id) ?? null) }
      : {}),
  };
  return { status: 200, json: [Buffer.from(exactJson({ statistics }))] };
}

/** So often sums are read again because a node has just been added to them. */
const readings = 5;

/**
 * The sums of nodes that have left a tap, and those that have not, as of one moment: a node's figures are in the sums or still its own, and
 * never both, nor neither.
 * @throws NeutronError 503 when nodes leave again and again meanwhile; StoreError; ViewBehindError; the signal's reason
 */
async function settledParts(
  deps: StatisticsRouteDeps,
  taps: readonly { readonly kind: ResourceKind; readonly id: string }[],
  signal: AbortSignal,
  partsNow: () => Promise<readonly TapPart[]>,
): Promise<{ readonly earlier: ReadonlyMap<string, Earlier>; readonly still: ReadonlySet<string> }> {
  for (let reading = 0; reading < readings; reading += 1) {
    const earlier = new Map<string, Earlier>();
    const revisions = new Map<string, number | undefined>();
    for (const { kind, id } of taps) {
      const key = keys.statisticsTotals(kind, id);
      const found = deps.live.view.totals.has(key) ? await readEarlier(deps, key, signal) : null;
      revisions.set(key, found?.revision);
      if (found) earlier.set(id, found.earlier);
    }
    const still = new Set((await partsNow()).map(keyOf));
    // Looked at in the same task as the parts were: nothing can have come between.
    if ([...revisions].every(([key, revision]) => deps.live.view.totals.get(key) === revision))
      return { earlier, still };
  }
  throw unavailable('The nodes of the tap change at the moment: try again.');
}

async function readEarlier({ store, live, catchUpMs }: StatisticsRouteDeps, key: string, signal: AbortSignal) {
  const kv = await store.get(key, { signal });
  if (!kv) return null;
  await live.reached(kv.modRevision, catchUpMs, signal);
  return { revision: kv.modRevision, earlier: readTotals(kv) ?? ('unreadable' as const) };
}

function maySeeService({ access, live }: StatisticsRouteDeps, id: string, caller: Caller): boolean {
  const record = live.view.services.get(id)?.record;
  if (!record || !access.sees('tap_services', record, caller)) return false;
  try {
    access.mayReadStatistics('tap_services', record, caller);
    return true;
  } catch (error) {
    if (error instanceof NeutronError) return false;
    throw error;
  }
}

/** Does what nobody waits for any more when the client has gone no longer. @throws what the work throws */
async function untilGone<T>(request: ApiRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const gone = new AbortController();
  const leave = () => gone.abort(request.signal.reason);
  request.signal.addEventListener('abort', leave, { once: true });
  request.whenAnswered(() => gone.abort(requestTooSlow()));
  try {
    return await work(gone.signal);
  } finally {
    request.signal.removeEventListener('abort', leave);
  }
}
