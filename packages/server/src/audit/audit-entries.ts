import {
  type AuditEntry,
  type AuditEvent,
  type AuditTap,
  awaitsConsent,
  parseKey,
  prefixes,
  type QuotaRecord,
  quotaCodec,
  RecordError,
  type ResourceKind,
  resourceKinds,
} from '@taas/model';

import type { Operation, Transaction } from '@taas/store';
import type { Behalf } from '../auth/actor.js';
import { words } from '../errors/neutron-error.js';
import { auditedTap, shortened } from '../taps/tap-kinds.js';
import type { ClusterView } from '../view/cluster-view.js';
import { shelf, type TapRecord, tapCodecs } from '../view/shelf.js';

interface TapKey {
  readonly kind: ResourceKind;
  readonly id: string;
}

/**
 * What a transaction does to taps, in the words of the audit trail: read off what it writes, so that no way of changing
 * a tap can be forgotten.
 * @param known records that the view does not have, by key
 */
export function entriesOf(
  view: ClusterView,
  transaction: Transaction,
  { actor, because }: Behalf,
  at: number,
  known: ReadonlyMap<string, string> = new Map(),
): AuditEntry[] {
  const entries: AuditEntry[] = [];
  const say = (event: AuditEvent, tap: AuditTap | null, detail: string) =>
    entries.push({
      event,
      at,
      tap,
      detail,
      ...{ user_id: actor?.userId ?? null, project_id: actor?.projectId ?? null, request_id: actor?.requestId ?? null },
    });
  const gone = new Set(transaction.operations.flatMap((each) => (each.kind === 'delete' ? [each.key] : [])));
  const compared = new Set(transaction.compare.flatMap((each) => (each.kind === 'mod-revision' ? [each.key] : [])));
  const ended = new Map<string, TapKey>();
  for (const operation of transaction.operations) {
    const { key } = operation;
    const parsed = parseKey(key);
    if (parsed.is === 'node-resource' && operation.kind === 'delete') ended.set(`${parsed.kind}/${parsed.id}`, parsed);
    if (parsed.is === 'quota') say('changed', null, quotaChange(view, parsed.project, operation));
    if (parsed.is !== 'resource') continue;
    const { kind, id } = parsed;
    const before = shelf(view, kind).byId.get(id)?.record ?? read(kind, key, known.get(key));
    if (operation.kind === 'delete') {
      ended.set(`${kind}/${id}`, parsed);
      if (before && !before.deleting)
        say('deleted', auditedTap(view, kind, before), because || whyItGoes(view, before));
      continue;
    }
    const record = read(kind, key, operation.value);
    if (!record) continue;
    const tap = auditedTap(view, kind, record);
    if (!compared.has(key)) say('created', tap, because);
    else if (record.deleting && !before?.deleting) say('deleted', tap, because);
    else if (!record.deleting) say(isAgreed(before, record) ? 'agreed' : 'changed', tap, changes(before, record));
  }
  for (const { kind, id } of ended.values()) {
    if (!isOver(view, kind, id, gone)) continue;
    const key = `${prefixes.api}${kind}/${id}`;
    const record = shelf(view, kind).byId.get(id)?.record ?? read(kind, key, known.get(key));
    const published = publishedOf(view, kind, id);
    const isPublished = published.length > 0;
    const project_id = published.find(({ record: each }) => each)?.record?.project_id ?? null;
    const tap = record ? auditedTap(view, kind, record) : { kind, id, project_id };
    say('ended', tap, isPublished ? 'no node has anything of it any more' : 'no node had been told of it');
  }
  return entries;
}

/** Whether nothing of a tap is left once some keys are gone: neither the API's record nor any node's. */
function isOver(view: ClusterView, kind: ResourceKind, id: string, gone: ReadonlySet<string>): boolean {
  const entry = shelf(view, kind).byId.get(id);
  if (entry && !gone.has(entry.key)) return false;
  return publishedOf(view, kind, id).every(({ key }) => gone.has(key));
}

const publishedOf = (view: ClusterView, kind: ResourceKind, id: string) => shelf(view, kind).publishedOf(id);

/** Whether a change is somebody's consent. */
const isAgreed = (before: TapRecord | null, after: TapRecord): boolean =>
  before !== null && 'consent' in before && awaitsConsent(before) && 'consent' in after && !awaitsConsent(after);

/** A flow that goes with its service has no mark of its own. */
function whyItGoes(view: ClusterView, record: TapRecord): string {
  const service = 'tap_service_id' in record ? view.services.get(record.tap_service_id) : undefined;
  return service?.record?.deleting ? 'its tap service was deleted' : '';
}

function read(kind: ResourceKind, key: string, value: string | undefined): TapRecord | null {
  if (value === undefined) return null;
  try {
    return tapCodecs[kind].parse(key, value);
  } catch (error) {
    if (error instanceof RecordError) return null;
    throw error;
  }
}

/** How many taps a project may have: whose limit is raised may tap more, whose is 0 taps nothing. */
function quotaChange(view: ClusterView, project: string, operation: Operation): string {
  const was = limitsIn(view.quotas.get(project)?.record ?? null);
  const is = operation.kind === 'delete' ? 'those of the configuration' : limitsIn(quotaIn(operation));
  return shortened(`quotas of project ${project}: ${is}; before: ${was}`);
}

function quotaIn({ key, value }: Extract<Operation, { readonly kind: 'put' }>): QuotaRecord | null {
  try {
    return quotaCodec.parse(key, value);
  } catch (error) {
    if (error instanceof RecordError) return null;
    throw error;
  }
}

const limitsIn = (record: QuotaRecord | null): string =>
  resourceKinds
    .map((kind) => words[kind].resource)
    .flatMap((name) => (record?.[name] === undefined ? [] : [`${name} ${record[name]}`]))
    .join(', ') || 'those of the configuration';

/** The attributes that differ; texts of users are not repeated. */
function changes(before: TapRecord | null, after: TapRecord): string {
  if (!before) return 'changed';
  const [old, now]: readonly Record<string, unknown>[] = [{ ...before }, { ...after }];
  const names = Object.keys({ ...old, ...now }).filter(
    (name) => !name.endsWith('_given') && JSON.stringify(old?.[name]) !== JSON.stringify(now?.[name]),
  );
  return names.length === 0 ? 'nothing is different' : `changed: ${names.join(', ')}`;
}
