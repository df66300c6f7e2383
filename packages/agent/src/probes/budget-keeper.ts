import type { Logger } from '@taas/service';
import { noOverload, type Overload } from '@taas/wiring';
import type { Contained } from '../contained.js';
import { canCountPolicers, type PolicerCounts, readCounts } from '../vpp/policer-counts.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import { type Budget, judgeLoad, nothingWatched, overloadOf, type Watch } from './judge-load.js';

/** Reads what our policers have counted, by name. */
export type ReadPolicers = (vpp: Vpp, odd: (name: string) => void) => Promise<ReadonlyMap<string, PolicerCounts>>;

/** What VPP's policers take for a rate at most: of a flow that is only counted. */
export const unlimitedKbps = 100_000_000;

/** Keeps the node's budget beside the policers: looks at their counters, and says which taps are thinned or suspended. */
export class BudgetKeeper {
  overload: Overload = noOverload;
  #watch: Watch = nothingWatched;
  #possible = true;

  constructor(
    private readonly budget: Budget,
    private readonly logger: Logger,
    private readonly contained: Contained,
  ) {}

  /** kbit/s of each flow's policer; null where there is no budget. Where no policer can keep it, taps that need one are refused. */
  get policedKbps(): number | null {
    const { flow, node } = this.budget;
    const isAsked = [flow.max_kbps, flow.max_pps, node.max_kbps, node.max_pps].some((limit) => limit !== undefined);
    return isAsked ? (flow.max_kbps ?? unlimitedKbps) : null;
  }

  /** Begins anew: counters and suspensions of another VPP mean nothing. */
  attach(vpp: Pick<Vpp, 'has'>): void {
    this.overload = noOverload;
    this.#watch = nothingWatched;
    this.#possible = true;
    if (this.policedKbps === null) return;
    this.#possible = canCountPolicers(vpp);
    if (!this.#possible)
      this.logger.error(
        {},
        'the budget cannot be kept, so taps are refused: this VPP has no policers; load its policer plugin (VPP 23.06 or newer), ' +
          'or take the option "budget" away',
      );
  }

  /** Looks at the counters, by the command line unless `read` knows better. @returns tags of the loopbacks whose taps stand otherwise than before */
  async look(vpp: Vpp, now: number, read: ReadPolicers = readCounts): Promise<string[]> {
    if (this.policedKbps === null || !this.#possible) return [];
    const before = this.overload;
    const odd = (name: string) => this.contained.note(`the load of ${name}`, new Error('its counts cannot be read'));
    this.#watch = judgeLoad(this.#watch, await read(vpp, odd), now, this.budget);
    this.overload = overloadOf(this.#watch, this.budget);
    return (['thinned', 'suspended'] as const).flatMap((how) => {
      const [old, fresh] = [before[how], this.overload[how]];
      return [...new Set([...old.keys(), ...fresh.keys()])].filter((tag) => old.get(tag) !== fresh.get(tag));
    });
  }
}
