import { type ResourceKind, resourceKinds } from '@taas/model';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { badRequest, methodNotAllowed, words } from '../errors/neutron-error.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import { type JsonObject, memberOf, parseJsonBody } from '../http/request-body.js';
import type { QuotaLimits } from '../taps/admission/quotas.js';
import { planAnswer } from '../taps/plan/plan-answer.js';
import type { TapPlanner } from '../taps/plan/tap-planner.js';
import type { LiveView } from '../view/live-view.js';

export interface PlanRouteDeps {
  readonly live: LiveView;
  readonly planner: TapPlanner;
  readonly access: Access;
  readonly quotas: QuotaLimits;
}

/** How much deeper a plan nests than the request that it is about. */
const wrapping = 2;

/** `POST /v2.0/taas/plan`: what a change would do, or why it would be refused. Writes nothing. @throws NeutronError */
export async function planRoute(
  { live, planner, access, quotas }: PlanRouteDeps,
  request: ApiRequest,
  caller: Caller,
  bodyDepth: number,
): Promise<ApiAnswer> {
  const { method, body, signal } = request;
  if (method !== 'POST') throw methodNotAllowed(method);
  const asked = askedFor(body.length === 0 ? null : parseJsonBody(body, bodyDepth + wrapping));
  const planned =
    asked.change === 'create'
      ? await planner.create(asked.kind, asked.json, caller, signal)
      : await planner.remove(asked.kind, asked.id, caller, signal);
  return { status: 200, body: { plan: planAnswer({ view: live.view, access, quotas }, planned, caller) } };
}

export type PlanAsked =
  | { readonly change: 'create'; readonly kind: ResourceKind; readonly json: JsonObject }
  | { readonly change: 'delete'; readonly kind: ResourceKind; readonly id: string };

/** What a body of `POST /v2.0/taas/plan` asks about. @throws NeutronError 400 */
export function askedFor(json: unknown): PlanAsked {
  const plan = memberOf(json, 'plan');
  const changes = (['create', 'delete'] as const).filter((name) => Object.hasOwn(plan, name));
  const [change] = changes;
  if (change === undefined || changes.length > 1) throw badRequest("A plan has either 'create' or 'delete'");
  const given = memberOf(plan, change);
  const named = resourceKinds.flatMap((kind) => {
    const singular = words[kind].resource;
    const keys = change === 'create' ? [singular, kind] : [singular];
    return keys.filter((key) => Object.hasOwn(given, key)).map((key) => ({ kind, key }));
  });
  const [only] = named;
  if (only === undefined || named.length > 1)
    throw badRequest(`'${change}' of a plan names one of tap_service, tap_flow and tap_mirror`);
  const { kind, key } = only;
  if (change === 'create') return { change, kind, json: given };
  const id = given[key];
  if (typeof id !== 'string') throw badRequest(`'delete' of a plan has the id of the ${key}`);
  return { change, kind, id };
}
