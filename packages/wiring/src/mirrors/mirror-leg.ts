import { mirrorTransports, type NodeTapMirror } from '@taas/model';
import { canonicalAddress } from '../node-facts.js';
import type { MirrorTunnel } from './mirror-tunnel.js';

export const legDirections = ['IN', 'OUT', 'BOTH'] as const;
export type LegDirection = (typeof legDirections)[number];

/** One tunnel of a tap mirror, with what feeds it: a mirror has one for each direction that it names. */
export interface MirrorLeg {
  /** `<mirror>/<direction>`, as in tags and keys. */
  readonly id: string;
  readonly direction: LegDirection;
  readonly spec: MirrorTunnel;
}

export function legId(mirror: string, direction: LegDirection): string {
  return `${mirror}/${direction}`;
}

/** The mirror that a leg's id names. */
export function mirrorOfLeg(leg: string): string {
  return leg.slice(0, leg.indexOf('/'));
}

/** The legs that a mirror asks for; none for a tombstone. */
export function legsOf(record: NodeTapMirror): MirrorLeg[] {
  if (record.removed) return [];
  return legDirections.flatMap((direction) => {
    const id = record.directions[direction];
    if (id === undefined) return [];
    const spec = {
      type: mirrorTransports[record.mirror_type].tunnel,
      local: canonicalAddress(record.local),
      remote: canonicalAddress(record.remote),
      id,
    } as const;
    return [{ id: legId(record.id, direction), direction, spec }];
  });
}
