import { ETHERTYPE } from '@taas/packets';
import type { Interface } from './interface.js';
import { EngineError } from './retval.js';
import { readTags } from './vlan-match.js';

/** The operations of `l2_interface_vlan_tag_rewrite` (VPP's vnet/l2/l2_vtr.h), with tags popped and pushed. */
const OPERATIONS = [
  { pop: 0, push: 0 },
  { pop: 0, push: 1 },
  { pop: 0, push: 2 },
  { pop: 1, push: 0 },
  { pop: 2, push: 0 },
  { pop: 1, push: 1 },
  { pop: 1, push: 2 },
  { pop: 2, push: 1 },
  { pop: 2, push: 2 },
] as const;

export const TAG_REWRITE = { DISABLED: 0, PUSH_1: 1, PUSH_2: 2, POP_1: 3, POP_2: 4 } as const;

/** A change of the tags at the start of a frame: pop so many, then push these (outermost first). */
export interface TagChange {
  readonly pop: number;
  readonly push: readonly { readonly tpid: number; readonly vlan: number }[];
}

/** Both directions of a configured rewrite, with the request that made it. */
export interface TagRewrite {
  readonly op: number;
  readonly pushDot1q: number;
  readonly tag1: number;
  readonly tag2: number;
  readonly input: TagChange;
  readonly output: TagChange;
}

/** How many tags an operation takes off and puts on what comes in. */
export type TagOperation = (typeof OPERATIONS)[number];

/** @throws EngineError INVALID_VALUE for an unknown operation. */
export function tagOperation(op: number): TagOperation {
  const operation = OPERATIONS[op];
  if (operation === undefined) throw new EngineError('INVALID_VALUE', `there is no tag rewrite operation ${op}`);
  return operation;
}

/**
 * What a refused request leaves of the rewrite before: VPP has blanked the tags by then, and pushes zeros from now on
 * (vnet/l2/l2_vtr.c).
 */
export function withBlankTags(rewrite: TagRewrite): TagRewrite {
  const blank = ({ pop, push }: TagChange): TagChange => ({ pop, push: push.map(() => ({ tpid: 0, vlan: 0 })) });
  const { input, output } = rewrite;
  return { ...rewrite, pushDot1q: 0, tag1: 0, tag2: 0, input: blank(input), output: blank(output) };
}

/**
 * Works out a rewrite: on output the opposite of what the request says for input, with the sub-interface's own tags.
 * @throws EngineError INVALID_VLAN_TAG_COUNT when the interface has not the tags to pop.
 */
export function tagRewrite(
  of: Interface,
  operation: TagOperation,
  op: number,
  pushDot1q: number,
  tag1: number,
  tag2: number,
): TagRewrite {
  const own = configuredTags(of);
  if (operation.pop > own)
    throw new EngineError('INVALID_VLAN_TAG_COUNT', `${of.name} has ${own} tags, cannot pop ${operation.pop}`);
  const outerTpid = pushDot1q === 0 ? ETHERTYPE.qinq : ETHERTYPE.vlan;
  const pushed = [
    { tpid: outerTpid, vlan: tag1 & 0xfff },
    { tpid: ETHERTYPE.vlan, vlan: tag2 & 0xfff },
  ];
  const ownTags = [
    { tpid: of.match?.dot1ad === true ? ETHERTYPE.qinq : ETHERTYPE.vlan, vlan: of.match?.outerVlan ?? 0 },
    { tpid: ETHERTYPE.vlan, vlan: of.match?.innerVlan ?? 0 },
  ];
  return {
    op,
    pushDot1q,
    tag1,
    tag2,
    input: { pop: operation.pop, push: pushed.slice(0, operation.push) },
    output: { pop: operation.push, push: ownTags.slice(0, operation.pop) },
  };
}

function configuredTags(of: Interface): number {
  const match = of.match;
  if (match === undefined || match.defaultSub) return 0;
  return match.tagCount === 2 && match.anyInner ? 1 : match.tagCount;
}

/** The frame after the change, or undefined when it has not enough tags to pop (VPP drops it). */
export function changeTags(frame: Uint8Array, change: TagChange): Uint8Array | undefined {
  if (readTags(frame).count < change.pop) return undefined;
  if (change.pop === 0 && change.push.length === 0) return frame;
  const head = 12 + 4 * change.push.length;
  const changed = new Uint8Array(frame.length + 4 * (change.push.length - change.pop));
  const view = new DataView(changed.buffer);
  changed.set(frame.subarray(0, 12));
  change.push.forEach((tag, index) => {
    view.setUint16(12 + 4 * index, tag.tpid);
    view.setUint16(14 + 4 * index, tag.vlan);
  });
  changed.set(frame.subarray(12 + 4 * change.pop), head);
  return changed;
}
