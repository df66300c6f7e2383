import { withdrawFilters } from '../flows/plan-filter.js';
import type { ActualInterface } from '../objects/interface.js';
import { pruneKey } from '../plan/plan-source.js';
import type { Planning } from '../plan/planning.js';
import { removeInterface } from '../removal.js';
import type { Ref, Step } from '../steps.js';
import { loopbackMac, ownTag } from '../tags.js';
import type { PlannedAttachment, TargetDomain } from './plan-attachment.js';
import { goesDirect } from './plan-direct.js';
import type { ServiceExit } from './service-exit.js';

/** The interface that sources that need no loopback of their own are mirrored to: all of one service's to the same. */
export type MirrorDestination = Ref;

export const entryKey = (service: string): string => `entry:${service}`;

/**
 * With the collector elsewhere, copies enter the link to it at once. With the collector here they enter a loopback in the
 * service's bridge domain: a mirror to the collector's sub-interface would outlive it, and find whoever gets its index.
 * Null where nothing is to be mirrored so; a loopback that is not needed is taken away.
 */
export function planMirrorDestination(
  { wanted, actual, facts, draft }: Planning,
  service: string,
  exit: ServiceExit,
  outward: PlannedAttachment | undefined,
  domain: TargetDomain | null,
): MirrorDestination | null {
  if (exit.type === 'frozen') return null;
  const key = entryKey(service);
  const isDirect = (id: string) => {
    const record = wanted.lastKnown(id)?.record;
    return record !== undefined && !record.removed && goesDirect(record, facts);
  };
  const needed = exit.type === 'local' && domain !== null && [...wanted.flowsOf(service)].some(isDirect);
  const [first, ...doubles] = actual.interfaces.by('tag', ownTag('entry', service));
  const spare = first && !needed ? [first, ...doubles] : doubles;
  const steps = spare.flatMap((entry) => removeInterface(entry, actual, 'loopback'));
  const at: Ref = first ? { index: first.index } : { ref: key };
  if (needed) steps.push(...placed(actual, service, first, at, domain));
  draft.add(key, [pruneKey, `bridge:${service}`], steps);
  if (needed) return at;
  if (exit.type !== 'link' || !outward || outward.blocker) return null;
  return outward.existing === null ? { ref: outward.key } : { index: outward.existing };
}

function placed(
  actual: Planning['actual'],
  service: string,
  existing: ActualInterface | undefined,
  at: Ref,
  domain: TargetDomain,
): Step[] {
  const steps: Step[] = [];
  if (!existing) {
    steps.push({ kind: 'create-loopback', as: entryKey(service), mac: loopbackMac(service) });
    steps.push({ kind: 'set-tag', at, tag: ownTag('entry', service), before: '' });
  } else steps.push(...withdrawFilters(existing.index, actual));
  const member = existing && domain.keepsMembers ? actual.memberships.get(existing.index) : undefined;
  if (member?.bridgeDomain !== domain.id || member.shg !== 1)
    steps.push({ kind: 'join-bridge', at, id: domain.id, shg: 1 });
  if (!existing?.adminUp) steps.push({ kind: 'set-admin', at, up: true, before: false });
  return steps;
}
