import { type AuditTap, type ResourceKind, resourceKinds } from '@taas/model';
import type { Caller } from '../auth/authenticator.js';
import type { NeutronError } from '../errors/neutron-error.js';
import { words } from '../errors/neutron-error.js';
import { parseJsonBody } from '../http/request-body.js';
import type { Target } from '../http/request-target.js';
import { shortened, tapKinds } from '../taps/tap-kinds.js';
import type { Refusal } from './refusals.js';

/**
 * Answers that say "you may not", that something of somebody's is in the way, or that a value is wrong: who tries his way through
 * ports or addresses meets these as well.
 */
const statuses: ReadonlySet<number> = new Set([400, 403, 404, 409, 429]);

export interface RefusedRequest {
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly target: Target;
  readonly body: Buffer;
  readonly bodyDepth: number;
}

/** How the trail tells of a refused request; null if it does not. */
export function refusalOf(request: RefusedRequest, caller: Caller, error: NeutronError): Refusal | null {
  const { target, method, path, requestId } = request;
  if (!statuses.has(error.status)) return null;
  // A plan that is refused tells as much as the request itself.
  const isAudited = ['resource', 'approval', 'quotas', 'captures', 'plan'].includes(target.is);
  const isChange = isAudited && ['POST', 'PUT', 'DELETE'].includes(method);
  const isAboutCloud = target.is === 'audit' || target.is === 'nodes';
  if (!isChange && !(isAboutCloud && error.status === 403)) return null;
  return {
    user_id: shortened(caller.userId),
    project_id: shortened(caller.projectId),
    request_id: requestId,
    tap: tapOf(target, request),
    ...{ detail: shortened(error.message), status: error.status, error: error.type },
    ...{ method: shortened(method), path: shortened(path) },
  };
}

function tapOf(target: Target, { body, bodyDepth }: RefusedRequest): AuditTap | null {
  if (target.is === 'resource') return askedFor(target.kind, target.id, objectIn(body, bodyDepth));
  if (target.is === 'approval') return askedFor(target.kind, target.id, {});
  if (target.is !== 'plan') return null;
  // It nests two deeper than the request that it is about.
  const plan = asObject(objectIn(body, bodyDepth + 2)['plan']);
  const [create, remove] = [asObject(plan['create']), asObject(plan['delete'])];
  const named = (kind: ResourceKind, given: Given) =>
    Object.hasOwn(given, words[kind].resource) || Object.hasOwn(given, kind);
  const kind = resourceKinds.find((each) => named(each, create) || named(each, remove));
  if (kind === undefined) return null;
  const id = remove[words[kind].resource];
  return askedFor(kind, typeof id === 'string' ? id : null, create);
}

type Given = Readonly<Record<string, unknown>>;

/** What the request named, as far as it can be read; of several resources the first. */
function askedFor(kind: ResourceKind, id: string | null, json: Given): AuditTap {
  const several = json[kind];
  const given = asObject(Array.isArray(several) ? several[0] : json[words[kind].resource]);
  const text = (name: string) => (typeof given[name] === 'string' ? shortened(given[name]) : undefined);
  const port = text(tapKinds[kind].portAttribute);
  const [name, service, type, remote] = ['name', 'tap_service_id', 'mirror_type', 'remote_ip'].map(text);
  return {
    kind,
    id: shortened(id ?? ''),
    project_id: text('project_id') ?? text('tenant_id') ?? null,
    ...(name === undefined ? {} : { name }),
    ...(port === undefined ? {} : { port_id: port }),
    ...(service === undefined ? {} : { tap_service_id: service }),
    ...(type === undefined ? {} : { mirror_type: type }),
    ...(remote === undefined ? {} : { remote_ip: remote }),
  };
}

function objectIn(body: Buffer, depth: number): Given {
  if (body.length === 0) return {};
  try {
    return asObject(parseJsonBody(body, depth));
  } catch {
    return {}; // What cannot be read names nothing.
  }
}

const asObject = (value: unknown): Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
