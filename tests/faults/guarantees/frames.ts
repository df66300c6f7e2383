import type { Direction, MeshModel, Station } from '../../scenarios/mesh/mesh-model.js';
import { networkOf } from '../../scenarios/mesh/mesh-model.js';
import { takersOf } from '../world/ledger.js';
import type { Sent } from '../world/traffic.js';
import type { World } from '../world/world.js';

/** How often each station was given a frame, by the frame's serial. */
export type Given = ReadonlyMap<number, ReadonlyMap<Station, number>>;

/** What of a run its frames are judged by. */
export type FrameFacts = Pick<World, 'traffic' | 'ledger' | 'steady'>;

/** A guarantee about all frames of a run; says what broke it, or null. */
export type FrameGuarantee = (facts: FrameFacts, given: Given) => string | null;

export function givenIn({ traffic }: FrameFacts): Given {
  const given = new Map<number, Map<Station, number>>();
  for (const { at, serial } of traffic.received) {
    const counts = given.get(serial) ?? new Map<Station, number>();
    counts.set(at, (counts.get(at) ?? 0) + 1);
    given.set(serial, counts);
  }
  return given;
}

/** Nobody is ever given a frame that is neither of the own network nor a copy that the own project has asked for. */
export function isolated(world: FrameFacts, given: Given): string | null {
  for (const [serial, counts] of given) {
    const sent = world.traffic.sent.get(serial);
    for (const [at] of counts) {
      if (sent === undefined) return `${at} was given frame ${serial}, which nobody has sent`;
      if (isNeighbour(sent, at) || copiesAsked(world, sent, at) > 0) continue;
      return `${at} was given frame ${serial} of ${sent.from}, which is none of its business`;
    }
  }
  return null;
}

/** Nobody is ever given a frame more often than there are reasons for it. */
export function neverTwice(world: FrameFacts, given: Given): string | null {
  for (const [serial, counts] of given) {
    const sent = world.traffic.sent.get(serial);
    if (sent === undefined) continue;
    for (const [at, count] of counts) {
      const reasons = (isNeighbour(sent, at) ? 1 : 0) + copiesAsked(world, sent, at);
      if (count > reasons)
        return `${at} was given frame ${serial} of ${sent.from} ${count} times for ${reasons} reasons`;
    }
  }
  return null;
}

/** A tap whose ports and switches nobody touches copies everything, whatever happens to the programs meanwhile. */
export function steadyTapsLoseNothing(world: FrameFacts, given: Given): string | null {
  for (const { tap, from, until } of world.steady) {
    const source: Station = `port:${tap.port}`;
    const missing: string[] = [];
    for (let serial = from; serial < Math.min(until, world.traffic.settled); serial++) {
      const sent = world.traffic.sent.get(serial);
      if (sent === undefined) continue;
      const side = sideOf(sent, source);
      // Whether a frame has come to the port at all is sure only while nothing changes on its node.
      const due = side === 'OUT' || (side === 'IN' && !sent.blurred);
      if (!due || side === null) continue;
      for (const { at } of takersOf(tap, side))
        if (at !== sent.from && (given.get(serial)?.get(at) ?? 0) < 1)
          missing.push(`${at} was not given frame ${serial} of ${sent.from}`);
    }
    // How many tells a gap from a frame that was lost.
    const [first] = missing;
    if (first)
      return `${first}, which ${tap.name} has to copy, and ${missing.length - 1} more: ${missing.slice(1, 6).join(', ')}`;
  }
  return null;
}

/** Within a network every frame arrives, tapped or not. */
export function ownTrafficArrives({ traffic }: FrameFacts, given: Given): string | null {
  for (const [serial, sent] of traffic.sent) {
    if (sent.blurred || serial >= traffic.settled) continue;
    for (const at of sent.neighbours)
      if ((given.get(serial)?.get(at) ?? 0) < 1)
        return `${at} was not given frame ${serial} of its neighbour ${sent.from}`;
  }
  return null;
}

/** When all is healed and said to work, each frame arrives exactly where it should, exactly once. */
export function exactAtRest(world: FrameFacts, given: Given, model: MeshModel, from: number): string | null {
  for (const [serial, sent] of world.traffic.sent) {
    if (serial < from || serial >= world.traffic.settled) continue;
    const expected = model.deliveries(sent.from);
    const counts = given.get(serial) ?? new Map<Station, number>();
    for (const at of new Set([...expected.keys(), ...counts.keys()])) {
      const [count, wanted] = [counts.get(at) ?? 0, expected.get(at) ?? 0];
      if (count !== wanted)
        return `${at} was given frame ${serial} of ${sent.from} ${count} times at rest, not ${wanted}`;
    }
  }
  return null;
}

export const frameGuarantees: Readonly<Record<string, FrameGuarantee>> = {
  ...{ isolated, neverTwice, steadyTapsLoseNothing, ownTrafficArrives },
};

/** While ports come and go, whoever belongs to the network may be in it, or may be no more. */
function isNeighbour(sent: Sent, at: Station): boolean {
  return sent.neighbours.includes(at) || (sent.blurred && at !== sent.from && network(at) === network(sent.from));
}

/** For how many reasons a station may be given copies of a frame. */
function copiesAsked({ ledger }: FrameFacts, sent: Sent, at: Station): number {
  const reasons = new Set<string>();
  for (const tap of ledger.asked) {
    const side = tap.created === 'refused' ? null : sideOf(sent, `port:${tap.port}`);
    if (side === null) continue;
    for (const taker of takersOf(tap, side)) if (taker.at === at) reasons.add(taker.reason);
  }
  return reasons.size;
}

/** From which side a port sees the frame: as its sender, or as one of those that it is sent to. */
function sideOf(sent: Sent, port: Station): Exclude<Direction, 'BOTH'> | null {
  if (sent.from === port) return 'OUT';
  return isNeighbour(sent, port) ? 'IN' : null;
}

/** Null outside: nobody there is in a network of the cloud. */
function network(station: Station): number | null {
  const [kind, a, b] = station.split(':');
  if (kind === 'port') return networkOf(Number(a));
  return kind === 'peer' ? Number(b) : null;
}
