import type { AuditLog } from '../audit/audit-log.js';
import { type AuditQuery, auditPage, parseAuditQuery } from '../audit/audit-query.js';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { methodNotAllowed, unavailable } from '../errors/neutron-error.js';
import { isoTime } from '../http/iso-time.js';
import { listBody } from '../http/list-body.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import type { Sliced, Slices } from '../slices/slices.js';
import { nextLink } from './tapped-ports.js';

export interface AuditRouteDeps {
  readonly log: AuditLog;
  readonly access: Access;
  /** The trail may be long, and what is asked for rare. */
  readonly slices: Slices;
}

/** `GET /v2.0/taas/audit`: a page of what etcd still has of the trail. @throws NeutronError */
export async function auditRoute(
  { log, access, slices }: AuditRouteDeps,
  request: ApiRequest,
  caller: Caller,
): Promise<ApiAnswer> {
  access.mayReadAudit(caller);
  if (request.method !== 'GET') throw methodNotAllowed(request.method);
  const query = parseAuditQuery(request.query);
  if (!log.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
  return { status: 200, json: await slices.run(caller.projectId, audit(log, query, request), request.signal) };
}

function* audit(log: AuditLog, query: AuditQuery, request: ApiRequest): Sliced<readonly Buffer[]> {
  const { page, more } = yield* auditPage(log.trail, query);
  const last = page.at(-1);
  const links = more && last ? [nextLink(request, last.id)] : [];
  return yield* listBody(
    'audit',
    page,
    ({ at, ...entry }) => ({ time: isoTime(at), ...entry }),
    () => links,
  );
}
