import type { Fault } from './catalogue/fault.js';
import type { Random } from './random.js';

/** When which fault begins, and how long it is left there. */
export interface Planned {
  readonly fault: Fault;
  readonly afterMs: number;
  readonly holdMs: number;
  readonly random: Random;
}

/** One to three faults, or those that are asked for, which overlap as likely as not. */
export function planFaults(random: Random, from: readonly Fault[], exactly: readonly Fault[] | undefined): Planned[] {
  const faults = exactly ?? Array.from({ length: random.int(1, 3) }, () => random.pick(from));
  return faults.map((fault, n) => ({
    fault,
    afterMs: n === 0 ? random.int(0, 200) : random.int(0, 600),
    // Some outlast the leases of whoever cannot renew them meanwhile.
    holdMs: random.chance(0.25) ? random.int(2_500, 4_000) : random.int(20, 900),
    random: random.fork(`${n} ${fault.name}`),
  }));
}

/** Every fault with every other, and with itself. */
export function allPairs(faults: readonly Fault[]): (readonly [Fault, Fault])[] {
  return faults.flatMap((a, n) => faults.slice(n).map((b) => [a, b] as const));
}
