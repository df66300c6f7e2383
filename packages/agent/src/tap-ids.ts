import type { ResourceKind } from '@taas/model';

/** Taps to look at. */
export interface TapIds {
  readonly services: ReadonlySet<string>;
  readonly flows: ReadonlySet<string>;
}

/** As {@link TapIds}, while they are being gathered. */
export interface GatheredTaps {
  readonly services: Set<string>;
  readonly flows: Set<string>;
}

/** A tap as one string, `kind/id`, for maps. */
export type TapName = `${ResourceKind}/${string}`;

export function tapName(kind: ResourceKind, id: string): TapName {
  return `${kind}/${id}`;
}

export function addTap(ids: GatheredTaps, tap: string): void {
  const [kind, id = ''] = tap.split('/');
  (kind === 'tap_services' ? ids.services : ids.flows).add(id);
}

export function hasTap(ids: TapIds, kind: ResourceKind, id: string): boolean {
  return (kind === 'tap_services' ? ids.services : ids.flows).has(id);
}
