import type { Ability } from './ability.js';

/** How the copies of a tap mirror travel to the address outside. */
export interface MirrorTransport {
  /** What a tunnel id is called there. */
  readonly idName: string;
  readonly smallestId: number;
  readonly largestId: number;
  /** Tunnels from one node to one address that VPP can tell apart; null: as many as there are ids. */
  readonly sessions: number | null;
  /** What the node must be able to do. */
  readonly ability: Ability;
  /** VPP's kind of tunnel: GRE with Ethernet inside, or ERSPAN. */
  readonly tunnel: 'teb' | 'erspan';
  /** Bytes that a copy becomes longer by, the outer Ethernet and IP headers not counted. */
  readonly overhead: number;
}

/** GRE with a key (RFC 2890). */
const gre = 8;

const transports = {
  gre: {
    idName: 'GRE key',
    smallestId: 0,
    largestId: 0xffffffff,
    sessions: null,
    ...{ ability: 'gre', tunnel: 'teb', overhead: gre },
  },
  // ERSPAN type II: GRE with a sequence number instead of a key, and a header of its own whose session id has ten bits.
  erspanv1: {
    idName: 'ERSPAN session',
    smallestId: 0,
    largestId: 1023,
    sessions: 1024,
    ...{ ability: 'erspan', tunnel: 'erspan', overhead: gre + 8 },
  },
} as const satisfies Readonly<Record<string, MirrorTransport>>;

export type MirrorType = keyof typeof transports;

/** The types of tap mirrors, and all that differs between them before a tunnel is made. */
export const mirrorTransports: Readonly<Record<MirrorType, MirrorTransport>> = transports;

// Safe: the keys of this very object.
export const mirrorTypes = Object.keys(transports) as readonly MirrorType[];
