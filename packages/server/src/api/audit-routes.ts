import type { AuditLog } from '../audit/audit-log.js';
import { auditPageOf, parseAuditQuery } from '../audit/audit-query.js';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { methodNotAllowed, unavailable } from './neutron-error.js';
import type { ApiAnswer, ApiRequest } from './request.js';
import { nextLink } from './tapped-ports.js';

/** `GET /v2.0/taas/audit`: a page of what etcd still has of the trail. @throws NeutronError */
export function auditRoute(log: AuditLog, access: Access, request: ApiRequest, caller: Caller): ApiAnswer {
  access.mayReadAudit(caller);
  if (request.method !== 'GET') throw methodNotAllowed(request.method);
  const query = parseAuditQuery(request.query);
  if (!log.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
  const { page, more } = auditPageOf(log, query);
  const shown = page.map(({ at, ...entry }) => ({ time: new Date(at).toISOString(), ...entry }));
  const last = page.at(-1);
  return {
    status: 200,
    body: { audit: shown, ...(more && last ? { audit_links: [nextLink(request, last.id)] } : {}) },
  };
}
