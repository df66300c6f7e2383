import { type ResourceKind, resourceKinds } from '@taas/model';
import type { Wanted } from '@taas/wiring';

/** Taps to look at. */
export interface TapIds {
  readonly services: ReadonlySet<string>;
  readonly flows: ReadonlySet<string>;
  readonly mirrors: ReadonlySet<string>;
}

/** As {@link TapIds}, while they are being gathered. */
export interface GatheredTaps {
  readonly services: Set<string>;
  readonly flows: Set<string>;
  readonly mirrors: Set<string>;
}

/** A tap as one string, `kind/id`, for maps. */
export type TapName = `${ResourceKind}/${string}`;

export function tapName(kind: ResourceKind, id: string): TapName {
  return `${kind}/${id}`;
}

/** @throws Error if there is no such kind */
export function splitTapName(tap: TapName): { readonly kind: ResourceKind; readonly id: string } {
  const [first = '', id = ''] = tap.split('/');
  const kind = resourceKinds.find((each) => each === first);
  if (!kind) throw new Error(`${tap} is no tap`);
  return { kind, id };
}

export function noTaps(): GatheredTaps {
  return { services: new Set(), flows: new Set(), mirrors: new Set() };
}

/** All taps that the node was told of; those of a service go with it. */
export function everyTap(wanted: Wanted): GatheredTaps {
  return { services: wanted.serviceIds(), flows: new Set(), mirrors: wanted.mirrors.ids() };
}

export function addTap(ids: GatheredTaps, tap: string): void {
  const [kind, id = ''] = tap.split('/');
  ids[places[kind as ResourceKind]].add(id);
}

export function addTaps(ids: GatheredTaps, more: TapIds): void {
  for (const place of Object.values(places)) for (const id of more[place]) ids[place].add(id);
}

export function hasTap(ids: TapIds, kind: ResourceKind, id: string): boolean {
  return ids[places[kind]].has(id);
}

export function isEmpty(ids: TapIds): boolean {
  return Object.values(places).every((place) => ids[place].size === 0);
}

/** Each tap's kind and id. */
export function* eachTap(ids: TapIds): Generator<readonly [ResourceKind, string]> {
  for (const kind of resourceKinds) for (const id of ids[places[kind]]) yield [kind, id];
}

const places = { tap_services: 'services', tap_flows: 'flows', tap_mirrors: 'mirrors' } as const;
