import { portIdInPath } from '../tags.js';
import { nameOf, type Ref, type VppObject } from './object.js';
import { TaggedTable } from './tagged-table.js';

export type InterfaceStep =
  /** Refuses to go on unless the interface is (still) the port's: a freed index goes to the next interface at once. */
  | { readonly kind: 'check-port'; readonly port: string; readonly index: number }
  | { readonly kind: 'set-tag'; readonly at: Ref; readonly tag: string; readonly before: string }
  | { readonly kind: 'set-admin'; readonly at: Ref; readonly up: boolean; readonly before: boolean }
  /** The longest packet that a tunnel of ours takes, in bytes. */
  | { readonly kind: 'set-mtu'; readonly at: Ref; readonly mtu: number };

/** What VPP has, in the words of the wiring; every index is VPP's own. Addresses are text, as `canonicalAddress` writes. */
export interface ActualInterface {
  readonly index: number;
  readonly name: string;
  readonly tag: string;
  /** The parent's index; the interface's own for a hardware interface, loopback or tunnel. */
  readonly supIndex: number;
  /** 0 unless a sub-interface. */
  readonly subId: number;
  readonly vlan: VlanMatch | null;
  readonly adminUp: boolean;
  /**
   * Whether anybody is at the other end of the wire: a VM's driver at a vhost-user interface, a peer at a memif, a cable. VPP
   * drops what it would send by an interface without a link. A sub-interface has its parent's.
   */
  readonly linkUp: boolean;
  readonly mac: string;
  /** VPP's L2 VLAN tag rewrite operation: 0 none, 3 pop one tag (vnet/l2/l2_vtr.h). */
  readonly rewrite: number;
  /** The path of a vhost-user interface's socket, if VPP was asked for it. */
  readonly socket?: string;
  readonly mtu?: InterfaceMtu;
}

/** The longest packet that may leave, in bytes without the Ethernet header; 0 is no limit that VPP knows of. */
export interface InterfaceMtu {
  readonly packet: number;
  readonly ip4: number;
  readonly ip6: number;
}

/** Which frames of its parent a sub-interface takes, by the 802.1Q tags that they come with. */
export type VlanMatch = OneTag | TwoTags;

interface OneTag {
  readonly outer: number;
  /**
   * `exact`: frames with this one tag and no other. `outer`: with this tag first, whatever follows, which is what a link
   * needs, since a copy may have a tag of its own. `other`: anything else, which we never make.
   */
  readonly match: 'exact' | 'outer' | 'other';
}

/** Frames with these two tags and no third. */
interface TwoTags {
  readonly outer: number;
  readonly inner: number;
  readonly match: 'exact-two';
}

/** Interfaces by index; `port`: by the port that the path of their socket names, in lower case. */
export class InterfaceTable extends TaggedTable<ActualInterface, 'parent' | 'name' | 'port'> {
  readonly #births = new Map<number, number>();
  #lastBirth = 0;

  /** @param changed as `Table` has it */
  constructor(changed: (index: number, old: ActualInterface | undefined, now: ActualInterface | undefined) => void) {
    super(
      {
        parent: ({ index, supIndex }) => (supIndex === index ? [] : [supIndex]),
        name: ({ name }) => [name],
        port: ({ socket = '' }) =>
          portIdInPath
            .exec(socket)
            ?.slice(0, 1)
            .map((id) => id.toLowerCase()) ?? [],
      },
      (index, old, now) => {
        if (!now) this.#births.delete(index);
        else if (!old || old.name !== now.name) this.#births.set(index, ++this.#lastBirth);
        changed(index, old, now);
      },
    );
  }

  /**
   * Tells an interface from whatever had its index before, also where name and tag are the same: the number of interfaces that had
   * been heard of when this one was. Undefined if there is none.
   */
  birthOf(index: number): number | undefined {
    return this.#births.get(index);
  }
}

export interface InterfaceTables {
  readonly interfaces: InterfaceTable;
}

/** What all interfaces have: ports, uplinks, and ours. */
export const interfaceObject: VppObject<InterfaceStep, InterfaceTables> = {
  steps: {
    'check-port': {
      describe: (s) => `check that interface ${s.index} is port ${s.port}`,
      undo: () => null,
      waits: false,
      refs: () => [],
      touches: () => ({}),
    },
    'set-tag': {
      describe: (s) => (s.tag === '' ? `clear the tag of ${nameOf(s.at)}` : `tag ${nameOf(s.at)} as ${s.tag}`),
      undo: (s) => ({ kind: 'set-tag', at: s.at, tag: s.before, before: s.tag }),
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
    'set-admin': {
      describe: (s) => `set ${nameOf(s.at)} ${s.up ? 'up' : 'down'}`,
      undo: (s) => ({ kind: 'set-admin', at: s.at, up: s.before, before: s.up }),
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
    'set-mtu': {
      describe: (s) => `let packets of ${s.mtu} bytes through ${nameOf(s.at)}`,
      undo: () => null,
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
  },
  tables: (interfaces) => ({ interfaces }),
  follow: () => undefined,
  withdraw: () => [],
  deletion: null,
  fingerprint: {
    tagged: (tag, { interfaces }) => [...interfaces.keysBy('tag', tag)],
    on: (at, { interfaces }) => {
      const { index, adminUp, rewrite, vlan, mtu } = interfaces.get(at) ?? {};
      return [index, adminUp, rewrite, vlan, mtu?.packet];
    },
    source: () => [],
  },
};
