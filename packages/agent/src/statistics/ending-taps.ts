import type { ResourceKind } from '@taas/model';
import type { Wanted } from '@taas/wiring';

interface Tap {
  readonly kind: ResourceKind;
  readonly id: string;
}

/**
 * Whether the tap's part on this node is over and still known of: it has a tombstone. Of a service that only flows speak of, all of
 * those have. An unreadable record may be one.
 */
export function isEnding({ kind, id }: Tap, wanted: Wanted): boolean {
  if (kind === 'tap_mirrors') return wanted.mirrors.isUnreadable(id) || wanted.mirrors.get(id)?.record.removed === true;
  if (wanted.isUnreadable(kind, id)) return true;
  if (kind === 'tap_flows') return wanted.flow(id)?.record.removed === true;
  const own = wanted.service(id)?.record;
  if (own) return own.removed === true;
  const flows = [...wanted.flowsOf(id)];
  return flows.length > 0 && flows.every((flow) => wanted.flow(flow)?.record.removed === true);
}

/**
 * The taps whose last figures are due when these are REMOVED: themselves, unless they are wanted anew by now, and the services that
 * only their flows speak of, with the last one. The server adds those up with the flow's.
 * @param stands whether a flow's tombstone is not answered yet
 */
export function endingTaps(removed: readonly Tap[], wanted: Wanted, stands: (flow: string) => boolean): Tap[] {
  const taps = removed.filter((tap) => !wanted.knows(tap.kind, tap.id) || isEnding(tap, wanted));
  const services = new Set<string>();
  for (const { kind, id } of taps) {
    const service = kind === 'tap_flows' ? wanted.flow(id)?.record.tap_service_id : undefined;
    if (service === undefined || wanted.knows('tap_services', service)) continue;
    const isLast = isEnding({ kind: 'tap_services', id: service }, wanted);
    if (isLast && ![...wanted.flowsOf(service)].some(stands)) services.add(service);
  }
  return [...taps, ...Array.from(services, (id) => ({ kind: 'tap_services', id }) as const)];
}
