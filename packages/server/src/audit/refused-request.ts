import type { AuditTap, ResourceKind } from '@taas/model';
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
  const isAudited = target.is === 'resource' || target.is === 'quotas' || target.is === 'captures';
  const isChange = isAudited && ['POST', 'PUT', 'DELETE'].includes(method);
  if (!isChange && !(target.is === 'audit' && error.status === 403)) return null;
  return {
    ...{ user_id: shortened(caller.userId), project_id: shortened(caller.projectId), request_id: requestId },
    tap: target.is === 'resource' ? askedFor(target.kind, target.id, request) : null,
    ...{ detail: shortened(error.message), status: error.status, error: error.type },
    ...{ method: shortened(method), path: shortened(path) },
  };
}

/** What the request named, as far as it can be read; of several resources the first. */
function askedFor(kind: ResourceKind, id: string | null, { body, bodyDepth }: RefusedRequest): AuditTap {
  const given = firstOf(kind, body, bodyDepth);
  const text = (name: string) => (typeof given[name] === 'string' ? shortened(given[name]) : undefined);
  const port = text(tapKinds[kind].portAttribute);
  const [name, service, type, remote] = ['name', 'tap_service_id', 'mirror_type', 'remote_ip'].map(text);
  return {
    ...{ kind, id: shortened(id ?? ''), project_id: text('project_id') ?? text('tenant_id') ?? null },
    ...(name === undefined ? {} : { name }),
    ...(port === undefined ? {} : { port_id: port }),
    ...(service === undefined ? {} : { tap_service_id: service }),
    ...(type === undefined ? {} : { mirror_type: type }),
    ...(remote === undefined ? {} : { remote_ip: remote }),
  };
}

function firstOf(kind: ResourceKind, body: Buffer, depth: number): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  try {
    const json = parseJsonBody(body, depth) as Readonly<Record<string, unknown>> | null;
    const several = json?.[kind];
    const first: unknown = Array.isArray(several) ? several[0] : json?.[words[kind].resource];
    return typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : {};
  } catch {
    return {}; // What cannot be read names nothing.
  }
}
