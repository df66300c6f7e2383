import { nameOf, type Ref, type VppObject } from './object.js';
import { Table } from './table.js';
import { TaggedTable } from './tagged-table.js';

export type BridgeDomainStep =
  | { readonly kind: 'create-bridge-domain'; readonly id: number; readonly tag: string }
  | { readonly kind: 'delete-bridge-domain'; readonly id: number; readonly tag: string }
  | { readonly kind: 'join-bridge'; readonly at: Ref; readonly id: number; readonly shg: number }
  /**
   * Frames to one address leave the bridge domain by this interface, and are flooded no more. It must have been put into a
   * bridge domain before: VPP looks up what such an interface may do beside its table otherwise.
   */
  | { readonly kind: 'take-unicast'; readonly at: Ref; readonly id: number; readonly shg: number }
  | { readonly kind: 'leave-bridge'; readonly at: Ref; readonly id: number };

export interface ActualBridgeDomain {
  readonly id: number;
  readonly tag: string;
  readonly flags: BridgeFlags;
  /** Split-horizon group by interface index: all that frames are flooded to. */
  readonly members: ReadonlyMap<number, number>;
  /**
   * The interface by which frames to one address leave, instead of being flooded (VPP's uu-fwd port); null: there is none.
   * It is no member: floods pass it by, and VPP deletes a bridge domain that has one, but none with members.
   */
  readonly unicast: number | null;
}

export interface BridgeFlags {
  readonly learn: boolean;
  readonly forward: boolean;
  readonly flood: boolean;
  readonly uuFlood: boolean;
  readonly arpTerm: boolean;
}

/** Where an interface is; `shg` null: it takes the unicast, and VPP does not tell its group. */
export interface Membership {
  readonly bridgeDomain: number;
  readonly shg: number | null;
}

export interface BridgeDomainTables {
  readonly bridgeDomains: TaggedTable<ActualBridgeDomain>;
  /** By interface; written with the bridge domains only. */
  readonly memberships: Table<number, Membership>;
}

function* occupants({ members, unicast }: ActualBridgeDomain): Iterable<readonly [index: number, shg: number | null]> {
  yield* members;
  if (unicast !== null) yield [unicast, null];
}

function tables(): BridgeDomainTables {
  const memberships: BridgeDomainTables['memberships'] = new Table({});
  const bridgeDomains = new TaggedTable<ActualBridgeDomain>({}, (id, old, now) => {
    for (const [index] of old ? occupants(old) : [])
      if (memberships.get(index)?.bridgeDomain === id && !now?.members.has(index) && now?.unicast !== index)
        memberships.delete(index);
    for (const [index, shg] of now ? occupants(now) : []) {
      const before = memberships.get(index);
      if (before?.bridgeDomain !== id || before.shg !== shg) memberships.put(index, { bridgeDomain: id, shg });
    }
  });
  return { bridgeDomains, memberships };
}

export const bridgeDomainObject: VppObject<BridgeDomainStep, BridgeDomainTables> = {
  steps: {
    'create-bridge-domain': {
      describe: (s) => `create bridge domain ${s.id} tagged ${s.tag}`,
      undo: (s) => ({ kind: 'delete-bridge-domain', id: s.id, tag: s.tag }),
      waits: false,
      refs: () => [],
      touches: (s) => ({ own: [{ index: s.id }] }),
    },
    'delete-bridge-domain': {
      describe: (s) => `delete bridge domain ${s.id} tagged ${s.tag}`,
      undo: (s) => ({ kind: 'create-bridge-domain', id: s.id, tag: s.tag }),
      waits: true,
      refs: () => [],
      touches: (s) => ({ own: [{ index: s.id }] }),
    },
    'join-bridge': {
      describe: (s) => `put ${nameOf(s.at)} into bridge domain ${s.id}, split-horizon group ${s.shg}`,
      undo: (s) => ({ kind: 'leave-bridge', at: s.at, id: s.id }),
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ own: [{ index: s.id }], interfaces: [s.at] }),
    },
    'take-unicast': {
      describe: (s) =>
        `send the unicast of bridge domain ${s.id} out by ${nameOf(s.at)} alone, split-horizon group ${s.shg}`,
      undo: (s) => ({ kind: 'leave-bridge', at: s.at, id: s.id }),
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ own: [{ index: s.id }], interfaces: [s.at] }),
    },
    'leave-bridge': {
      describe: (s) => `take ${nameOf(s.at)} out of bridge domain ${s.id}`,
      undo: () => null,
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ own: [{ index: s.id }], interfaces: [s.at] }),
    },
  },
  tables,
  follow: ({ bridgeDomains, memberships }, { index, now }) => {
    const member = now ? undefined : memberships.get(index);
    const domain = member && bridgeDomains.get(member.bridgeDomain);
    if (!domain) return;
    const members = new Map(domain.members);
    members.delete(index);
    const unicast = domain.unicast === index ? null : domain.unicast;
    bridgeDomains.put(domain.id, { ...domain, members, unicast });
  },
  withdraw: (index, { memberships }) => {
    const member = memberships.get(index);
    return member ? [{ kind: 'leave-bridge', at: { index }, id: member.bridgeDomain }] : [];
  },
  deletion: null,
  fingerprint: {
    tagged: (tag, { bridgeDomains }) =>
      bridgeDomains.by('tag', tag).flatMap(({ id, flags, members }) => [id, flags, [...members].sort()]),
    on: (index, { memberships }) => [memberships.get(index)],
    source: () => [],
  },
};

/** Takes an interface out of its bridge domain. */
export const leave = bridgeDomainObject.withdraw;
