import type { Ability } from './ability.js';
import type { MirrorType } from './identifiers.js';

/** How the copies of a tap mirror travel to the address outside. */
export interface MirrorTransport {
  /** What a tunnel id is called there. */
  readonly idName: string;
  /** The largest tunnel id; the smallest is 0. */
  readonly largestId: number;
  /** Tunnels from one node to one address that VPP can tell apart; null: no fewer than there are ids. */
  readonly sessions: number | null;
  /** What the node must be able to do. */
  readonly ability: Ability;
  /** VPP's kind of GRE tunnel. */
  readonly tunnel: 'teb' | 'erspan';
  /** Bytes that a copy becomes longer by, the outer Ethernet and IP headers not counted. */
  readonly overhead: number;
}

/** GRE with a key (RFC 2890). */
const gre = 8;

/** Each type of tap mirror: one that is not here does not compile. */
export const mirrorTransports: Readonly<Record<MirrorType, MirrorTransport>> = {
  gre: { idName: 'GRE key', largestId: 0xffffffff, sessions: null, ability: 'gre', tunnel: 'teb', overhead: gre },
  // ERSPAN type II: GRE with a sequence number instead of a key, and a header of its own whose session id has ten bits.
  erspanv1: {
    idName: 'ERSPAN session',
    largestId: 1023,
    sessions: 1024,
    ability: 'erspan',
    tunnel: 'erspan',
    overhead: gre + 8,
  },
};
