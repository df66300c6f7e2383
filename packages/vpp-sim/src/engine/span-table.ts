import { NO_INDEX } from './interface.js';
import type { L2ConfigTable } from './l2-config.js';
import { INPUT, OUTPUT } from './l2-features.js';
import { EngineError } from './retval.js';

/** Directions of a SPAN as bits: VPP's rx is what the interface receives, from the VM; tx what it sends, to the VM. */
export const SPAN_STATE = { NONE: 0, RX: 1, TX: 2, BOTH: 3 } as const;

/** One row as `sw_interface_span_dump` gives it. */
export interface SpanRow {
  readonly from: number;
  readonly to: number;
  readonly state: number;
  readonly isL2: boolean;
}

interface Mirrors {
  readonly rx: Set<number>;
  readonly tx: Set<number>;
}

/**
 * SPAN's own table. As in VPP (vnet/span/span.c) nobody tells it of a deleted interface or of one that leaves L2 mode,
 * and only the first destination added and the last one removed change what the forwarding does. So it lies.
 */
export class SpanTable {
  readonly #device = new Map<number, Mirrors>();
  readonly #l2 = new Map<number, Mirrors>();
  /** Destinations at which copies come to nothing, though all that can be asked looks right. */
  readonly #swallowing = new Set<number>();

  constructor(private readonly configs: L2ConfigTable) {}

  /**
   * Sets the absolute state of one pair; `to` may be ~0 with state 0 to drop every destination of the source. Neither
   * index needs to exist.
   * @throws EngineError UNIMPLEMENTED for a state above 3; INVALID_INTERFACE for ~0 as source, ~0 as destination of a
   * SPAN to be made, or a source that is its own destination.
   */
  set(from: number, to: number, state: number, isL2: boolean): void {
    if (state > SPAN_STATE.BOTH) throw new EngineError('UNIMPLEMENTED', `there is no SPAN state ${state}`);
    if (from === NO_INDEX || (to === NO_INDEX && state > 0) || from === to)
      throw new EngineError('INVALID_INTERFACE', `cannot SPAN ${from} to ${to}`);
    const table = isL2 ? this.#l2 : this.#device;
    const mirrors = table.get(from) ?? { rx: new Set<number>(), tx: new Set<number>() };
    table.set(from, mirrors);
    const rx = transition(mirrors.rx, to, (state & SPAN_STATE.RX) !== 0);
    const tx = transition(mirrors.tx, to, (state & SPAN_STATE.TX) !== 0);
    if (!isL2) return;
    const config = this.configs.at(from);
    if (rx === 'first') config.inputFeatures |= INPUT.SPAN;
    if (rx === 'last') config.inputFeatures &= ~INPUT.SPAN;
    if (tx === 'first') config.outputFeatures |= OUTPUT.SPAN;
    if (tx === 'last') config.outputFeatures &= ~OUTPUT.SPAN;
  }

  /** The destinations of a source in one direction; empty if none. */
  destinations(from: number, direction: 'rx' | 'tx', isL2: boolean): ReadonlySet<number> {
    const all = (isL2 ? this.#l2 : this.#device).get(from)?.[direction] ?? NOWHERE;
    return this.#swallowing.size === 0 ? all : new Set([...all].filter((to) => !this.#swallowing.has(to)));
  }

  /** A fault: copies to the interface come to nothing, and no dump shows it. */
  swallow(to: number, isBroken: boolean): void {
    if (isBroken) this.#swallowing.add(to);
    else this.#swallowing.delete(to);
  }

  /** The table in the order of source and destination, as dumped. */
  *rows(isL2: boolean): Generator<SpanRow> {
    const table = isL2 ? this.#l2 : this.#device;
    for (const from of [...table.keys()].sort((a, b) => a - b)) {
      const { rx, tx } = table.get(from) ?? { rx: NOWHERE, tx: NOWHERE };
      for (const to of [...new Set([...rx, ...tx])].sort((a, b) => a - b))
        yield { from, to, state: (rx.has(to) ? 1 : 0) + (tx.has(to) ? 2 : 0), isL2 };
    }
  }
}

const NOWHERE: ReadonlySet<number> = new Set();

/** Adds or removes a destination; says whether the number of destinations went from 0 to 1 or from some to 0. */
function transition(mirrors: Set<number>, to: number, enable: boolean): 'first' | 'last' | undefined {
  const before = mirrors.size;
  if (to === NO_INDEX) mirrors.clear();
  else if (enable) mirrors.add(to);
  else mirrors.delete(to);
  if (before === 0 && mirrors.size === 1) return 'first';
  return before > 0 && mirrors.size === 0 ? 'last' : undefined;
}
