import { isVlanEthertype } from '@taas/packets';
import type { Interface, SubInterfaceMatch } from './interface.js';

const ANY_INNER = 4096;
const SINGLE_TAG = 4097;
const DEFAULT_SUB = -1;
const UNTAGGED_SUB = -2;

/** The tags of a frame as far as VPP's ethernet-input looks: two, and whether there are more. */
export interface OuterTags {
  /** 0, 1, 2, or 3 for "more than two". */
  readonly count: number;
  readonly dot1ad: boolean;
  readonly outer: number;
  readonly inner: number;
}

/** Reads the tags at the start of a frame of at least 14 bytes. */
export function readTags(frame: Uint8Array): OuterTags {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const vlans: number[] = [];
  let at = 12;
  while (vlans.length < 3 && at + 4 <= frame.length && isVlanEthertype(view.getUint16(at))) {
    vlans.push(view.getUint16(at + 2) & 0xfff);
    at += 4;
  }
  return { count: vlans.length, dot1ad: view.getUint16(12) === 0x88a8, outer: vlans[0] ?? 0, inner: vlans[1] ?? 0 };
}

/** Where in a parent's tag table a sub-interface stands; two with the same key cannot exist (vnet/ethernet/node.c). */
export function tagKey(match: SubInterfaceMatch): number {
  if (match.defaultSub) return DEFAULT_SUB;
  if (match.tagCount === 0) return UNTAGGED_SUB;
  const inner = match.tagCount === 1 ? SINGLE_TAG : match.anyInner ? ANY_INNER : match.innerVlan;
  return keyOf(match.dot1ad, match.outerVlan, inner);
}

function keyOf(dot1ad: boolean, outer: number, inner: number): number {
  return ((dot1ad ? 4096 : 0) + outer) * 8192 + inner;
}

/**
 * Which interface a frame on `port`'s wire belongs to, most specific first: two tags, outer and any inner, one tag, the
 * default sub-interface, the port itself. The port takes tagged frames only in L2 mode; undefined: nobody's, dropped.
 */
export function classify(port: Interface, frame: Uint8Array, portIsL2: boolean): Interface | undefined {
  const tags = readTags(frame);
  if (port.tagTable.size > 0) {
    const sub = findSub(port, tags);
    if (sub !== undefined) return sub;
  }
  return tags.count === 0 || portIsL2 || tags.outer === 0 ? port : undefined;
}

function findSub(port: Interface, tags: OuterTags): Interface | undefined {
  if (tags.count === 0) return port.tagTable.get(UNTAGGED_SUB);
  const inners = tags.count === 1 ? [SINGLE_TAG] : [tags.inner, ANY_INNER, SINGLE_TAG];
  for (const inner of inners) {
    const sub = port.tagTable.get(keyOf(tags.dot1ad, tags.outer, inner));
    if (sub?.match !== undefined && takesCount(sub.match, tags.count)) return sub;
  }
  return port.tagTable.get(DEFAULT_SUB);
}

/** VPP does not look behind a second tag: "exact" with two tags is followed by any. */
function takesCount(match: SubInterfaceMatch, count: number): boolean {
  return match.exact ? Math.min(count, 2) === match.tagCount : count >= match.tagCount;
}
