/**
 * Tags on VPP's objects (at most 63 bytes): how a later run, or another process, knows an object for what it is.
 * networking-vpp resyncs by the prefix `net-vpp.`; ours is another, so neither touches what is the other's.
 */
export const portTagPrefix = 'net-vpp.port:';
export const physnetTagPrefix = 'net-vpp.physnet:';
/** How the path of a vhost-user socket names its port. */
export const portIdInPath = /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/;

/** What an object of ours may be, for {@link ownKinds}. */
interface OwnKindFacts {
  /** Whose id the tag has: a tap service's, a tap flow's, or that of a tap mirror's leg (see `mirror-leg.ts`). */
  readonly of: 'services' | 'flows' | 'mirrors';
  /** Of interfaces: whether planning has to know their L2 features; a filter or a policer that VPP lists may be switched off all the same. */
  readonly features: 'needed' | 'if policed' | 'unused';
  /** Copies enter or leave the service by it. */
  readonly attachment?: true;
  /** Ports are mirrored to it for one tap alone. */
  readonly takesCopies?: true;
  /** Ports may be mirrored to it for all unfiltered flows of its service. */
  readonly mirrorDestination?: true;
  /** A loopback that may have a filter. */
  readonly filtered?: true;
}

/**
 * What objects of ours are for. Ways are in the order in which they are to be taken away: frames to one address fall back to
 * flooding.
 */
const ownKinds = {
  /** A service's bridge domain. */
  service: { of: 'services', features: 'unused' },
  /** The loopback by which unfiltered copies enter a service. */
  entry: { of: 'services', features: 'needed', mirrorDestination: true, filtered: true },
  /** To a collector, frames to one address. */
  unicast: { of: 'services', features: 'needed', attachment: true },
  /** To a collector, frames to a group. */
  collector: { of: 'services', features: 'needed', attachment: true },
  vlan: { of: 'services', features: 'needed', attachment: true, mirrorDestination: true },
  vxlan: { of: 'services', features: 'needed', attachment: true, mirrorDestination: true },
  /** A filtered flow's loopback, ACL or policer. */
  flow: { of: 'flows', features: 'needed', takesCopies: true, filtered: true },
  /** A leg's bridge domain, loopback or policer. */
  mirror: { of: 'mirrors', features: 'if policed', takesCopies: true },
  /** A leg's tunnel, of whatever kind: the word is on nodes that are to be upgraded. */
  gre: { of: 'mirrors', features: 'needed' },
} as const satisfies Readonly<Record<string, OwnKindFacts>>;

export type OwnKind = keyof typeof ownKinds;
type KindWith<F extends keyof OwnKindFacts, V = true> = {
  [K in OwnKind]: (typeof ownKinds)[K] extends Readonly<Record<F, V>> ? K : never;
}[OwnKind];

function kindsWith<F extends keyof OwnKindFacts, const V>(fact: F, value: V): KindWith<F, V>[] {
  const facts: Readonly<Record<string, OwnKindFacts>> = ownKinds;
  // Safe: these are the kinds of which the type says the same.
  return Object.keys(facts).filter((kind) => facts[kind]?.[fact] === value) as KindWith<F, V>[];
}

/** The id is a flow's for `flow`, a leg's (see `mirror-leg.ts`) for `mirror` and `gre`, a tap service's for all others. */
export interface OwnTag {
  readonly kind: OwnKind;
  readonly id: string;
}

export function ownTag(kind: OwnKind, id: string): string {
  return `taas.${kind}:${id}`;
}

/** Null for a tag that is not ours, and for a kind of a later version of ours, which is left alone. */
export function parseOwnTag(tag: string): OwnTag | null {
  if (!tag.startsWith('taas.')) return null;
  const colon = tag.indexOf(':');
  const kind = tag.slice(5, colon);
  const id = tag.slice(colon + 1);
  return !Object.hasOwn(ownKinds, kind) || id === '' ? null : { kind: kind as OwnKind, id };
}

/** A service's attachments, in the order in which they are to be taken away. */
export const attachmentKinds = kindsWith('attachment', true);
/** Interfaces that ports may be mirrored to for all unfiltered flows of a service. */
export const mirrorDestinationKinds = kindsWith('mirrorDestination', true);

/** Whether ports are mirrored to interfaces with the tag, for one tap alone. */
export function takesCopies(own: OwnTag | null): own is OwnTag & { readonly kind: KindWith<'takesCopies'> } {
  return own !== null && 'takesCopies' in ownKinds[own.kind];
}

/** Whether it is on a loopback that may have a filter. */
export function mayBeFiltered(own: OwnTag | null): boolean {
  return own !== null && 'filtered' in ownKinds[own.kind];
}

/** Sets of ids, one a kind of tap. */
export type ByTap<T> = Readonly<Record<OwnKindFacts['of'], T>>;

/** All kinds of objects that a tap may have. */
export const kindsOf: ByTap<readonly OwnKind[]> = {
  services: kindsWith('of', 'services'),
  flows: kindsWith('of', 'flows'),
  mirrors: kindsWith('of', 'mirrors'),
};

/** Of sets of ids, one a kind of tap, the one that the tap of a tag belongs into. */
export function idsOf<T>({ kind }: OwnTag, sets: ByTap<T>): T {
  return sets[ownKinds[kind].of];
}

/** As {@link OwnKindFacts} has it. */
export function featuresOf(kind: OwnKind): OwnKindFacts['features'] {
  return ownKinds[kind].features;
}

/** First three bytes of our loopbacks' MAC addresses: locally administered, then "ta". */
export const loopbackMacPrefix = '02:74:61:';

/** A loopback gets a MAC address of ours, so that one that was made but not tagged yet can be recognised. */
export function loopbackMac(id: string): string {
  const hex = (hashOf(id) & 0xffffff).toString(16).padStart(6, '0');
  return `${loopbackMacPrefix}${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}

/** FNV-1a, 32 bits: spreads ids, and keeps no secret. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
