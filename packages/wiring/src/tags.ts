/**
 * Tags on VPP's objects (at most 63 bytes): how a later run, or another process, knows an object for what it is.
 * networking-vpp resyncs by the prefix `net-vpp.`; ours is another, so neither touches what is the other's.
 */
export const portTagPrefix = 'net-vpp.port:';
export const physnetTagPrefix = 'net-vpp.physnet:';
/** How the path of a vhost-user socket names its port. */
export const portIdInPath = /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/;

const ownKinds = ['service', 'entry', 'flow', 'collector', 'unicast', 'vlan', 'vxlan', 'mirror', 'gre'] as const;
/**
 * What an object of ours is for: a service's bridge domain, the loopback by which copies enter it, a filtered flow's
 * loopback or ACL, a way in or out of a service (to a collector two: `collector` for frames to a group, `unicast` for those
 * to one address); of a tap mirror's leg the bridge domain and loopback (`mirror`), and the tunnel (`gre`).
 */
export type OwnKind = (typeof ownKinds)[number];

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
  const kind = ownKinds.find((each) => each === tag.slice(5, colon));
  const id = tag.slice(colon + 1);
  return kind === undefined || id === '' ? null : { kind, id };
}

/** A service's ways in and out, in the order in which they are to be taken away: frames to one address fall back to flooding. */
export const wayKinds = ['unicast', 'collector', 'vlan', 'vxlan'] as const satisfies readonly OwnKind[];

/** Whether ports are mirrored to interfaces with the tag. */
export function takesCopies(own: OwnTag | null): own is OwnTag & { readonly kind: 'flow' | 'mirror' } {
  return own?.kind === 'flow' || own?.kind === 'mirror';
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
