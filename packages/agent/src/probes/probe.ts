import type { Vpp } from '../vpp/vpp-messages.js';
import type { VppSession } from '../vpp/vpp-session.js';
import { noTaps, type TapIds } from '../wanted/tap-ids.js';

/** What a probe has found. */
export interface Dirty {
  /** To be reconciled in this pass. */
  readonly taps: TapIds;
  /** Only a resync can tell the rest: it is due at once. */
  readonly everything: boolean;
}

export const clean: Dirty = { taps: noTaps(), everything: false };

/** A poll of VPP for something that no event tells of. It changes nothing in VPP: it says which taps are dirty. */
export interface Probe {
  /** What it polls, for people: logs and errors. */
  readonly name: string;
  /** Milliseconds between the end of a run and the next one, at least. */
  readonly interval: () => number;
  /**
   * The part of the pause after a run that the run may have taken, above 0: with 0.1, a run of 20 ms is followed by a pause of
   * 200 ms at least. On a node where polls take long there are fewer of them.
   */
  readonly share: number;
  /** The longest such pause, in ms, whatever a run takes; absent or null: as its share says. */
  readonly longestMs?: () => number | null;
  /** Whether there is anything to poll for now. */
  readonly enabled: () => boolean;
  /** The taps that it names are dirty by our own decision, as with a budget: nobody else has undone them. */
  readonly decides?: true;
  /** Begins anew with another VPP, of which nothing is known. */
  readonly attach?: (vpp: Vpp) => void;
  /** @param now on the monotonic clock, in ms */
  readonly run: (session: VppSession, now: number) => Promise<Dirty>;
  /** What to go on with when a run fails, so that no tap has to wait for that; without it, the pass fails. */
  readonly otherwise?: () => Dirty;
}
