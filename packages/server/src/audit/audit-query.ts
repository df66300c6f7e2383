import { type AuditEvent, auditEvents } from '@taas/model';
import { badRequest } from '../errors/neutron-error.js';
import type { Sliced } from '../slices/slices.js';
import { type NumberedEntry, numbered } from './audit-log.js';
import type { AuditTrail } from './audit-trail.js';

/** What of the trail somebody asks for. */
export interface AuditQuery {
  /** Of the caller, of the tap or of the port. */
  readonly project: string | null;
  /** The copied port or the collector's. */
  readonly port: string | null;
  readonly event: AuditEvent | null;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly limit: number;
  /** The id of the entry before the first that is wanted. */
  readonly marker: string | null;
}

export const auditPageItems = { usual: 100, most: 1_000 } as const;
/** Records of the trail that are looked through in one step. */
const records = 64;

/** @throws NeutronError 400 */
export function parseAuditQuery(pairs: readonly (readonly [string, string])[]): AuditQuery {
  const last = (name: string) => pairs.filter(([key]) => key === name).at(-1)?.[1] || null;
  const known = ['project_id', 'port_id', 'event', 'since', 'limit', 'marker'];
  const unknown = pairs.map(([name]) => name).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw badRequest(`The audit trail cannot be filtered by: ${unknown.sort().join(', ')}`);
  const event = auditEvents.find((each) => each === last('event')) ?? null;
  if (last('event') !== null && event === null) throw badRequest(`event is one of ${auditEvents.join(', ')}`);
  const since = last('since');
  const from = since === null ? 0 : /^[0-9]{1,15}$/.test(since) ? Number(since) : Date.parse(since);
  if (Number.isNaN(from)) throw badRequest('since is a time such as 2026-11-29T08:00:00Z, or milliseconds since 1970');
  const limit = last('limit');
  if (limit !== null && !/^[1-9][0-9]{0,3}$/.test(limit))
    throw badRequest(`limit is a number from 1 to ${auditPageItems.most}`);
  return {
    project: last('project_id'),
    port: last('port_id'),
    event,
    since: from,
    marker: last('marker'),
    limit: Math.min(auditPageItems.most, limit === null ? auditPageItems.usual : Number(limit)),
  };
}

/**
 * One page, the oldest first, and whether there is more, in slices. An unknown marker gives an empty page. What is added
 * meanwhile may be in it.
 */
export function* auditPage(
  trail: Pick<AuditTrail, 'all'>,
  query: AuditQuery,
): Sliced<{ readonly page: readonly NumberedEntry[]; readonly more: boolean }> {
  const page: NumberedEntry[] = [];
  let begun = query.marker === null;
  let looked = 0;
  for (const logged of trail.all()) {
    if (++looked % records === 0) yield;
    for (const entry of numbered(logged)) {
      if (!begun) {
        begun = entry.id === query.marker;
        continue;
      }
      if (!passes(entry, query)) continue;
      if (page.length === query.limit) return { page, more: true };
      page.push(entry);
    }
  }
  return { page, more: false };
}

function passes({ at, event, project_id, tap }: NumberedEntry, query: AuditQuery): boolean {
  if (at < query.since || (query.event !== null && event !== query.event)) return false;
  const { project, port } = query;
  if (project !== null && ![project_id, tap?.project_id, tap?.port_project_id].includes(project)) return false;
  return port === null || tap?.port_id === port || tap?.collector_port_id === port;
}
