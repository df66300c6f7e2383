import { EngineError } from './retval.js';

const MAX_INSTANCES = 16 * 1024;

/** The numbers in the names of loopbacks: the lowest free one, unless asked for (VPP's vnet/ethernet/interface.c). */
export class LoopbackInstances {
  readonly #used = new Set<number>();
  readonly #byInterface = new Map<number, number>();
  #lowest = 0;

  /** @throws EngineError INVALID_REGISTRATION when the number is taken, or all are. */
  take(wanted?: number): number {
    const number = wanted ?? this.#lowestFree();
    if (number >= MAX_INSTANCES || this.#used.has(number))
      throw new EngineError('INVALID_REGISTRATION', `loopback instance ${number} is taken or too high`);
    this.#used.add(number);
    return number;
  }

  #lowestFree(): number {
    while (this.#used.has(this.#lowest)) this.#lowest += 1;
    return this.#lowest;
  }

  assign(swIfIndex: number, number: number): void {
    this.#byInterface.set(swIfIndex, number);
  }

  release(swIfIndex: number): void {
    const number = this.#byInterface.get(swIfIndex);
    if (number === undefined) return;
    this.#byInterface.delete(swIfIndex);
    this.#used.delete(number);
    this.#lowest = Math.min(this.#lowest, number);
  }
}
