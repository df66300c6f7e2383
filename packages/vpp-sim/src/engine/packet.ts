import type { Budget } from './budget.js';
import { NO_INDEX } from './interface.js';

/** Node visits that one injected frame may cause. Far above any tree of copies, and soon reached by a loop. */
export const FRAME_BUDGET = 50_000;

/** A frame on its way. Frames are never changed in place: many packets may share one. */
export interface Packet {
  frame: Uint8Array;
  /** sw_if_index it came in by. */
  rx: number;
  /** sw_if_index it goes out by. */
  tx: number;
  /** Split-horizon group of the interface it came in by. */
  shg: number;
  /** Made by SPAN: never copied again (VPP's SPAN_CLONE flag); kept through loopbacks, floods and clones. */
  spanClone: boolean;
  readonly budget: Budget;
}

/** A packet as it comes from outside. */
export function newPacket(frame: Uint8Array, rx: number, budget: Budget): Packet {
  return { frame, rx, tx: NO_INDEX, shg: 0, spanClone: false, budget };
}
