/** How often a fault strikes before it is spent; without it, until cleared. */
export interface FaultOptions {
  readonly times?: number;
}

interface Rule<T> {
  readonly value: T;
  left: number;
}

/** Faults that a test asks for: refused and late answers, by the name of the request. */
export class FaultRules {
  readonly #refusals = new Map<string, Rule<number>>();
  readonly #delays = new Map<string, Rule<number>>();

  /** Answers `message` with `retval`, without doing anything. A dump so refused answers with nothing. */
  refuse(message: string, retval: number, options: FaultOptions = {}): void {
    this.#refusals.set(message, { value: retval, left: options.times ?? Number.POSITIVE_INFINITY });
  }

  /** Does and answers `message` only after `ms` milliseconds; what the same client asks after it waits, too. */
  delay(message: string, ms: number, options: FaultOptions = {}): void {
    this.#delays.set(message, { value: ms, left: options.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#refusals.clear();
    this.#delays.clear();
  }

  /** The retval to refuse this request with, if any; counts as one strike. */
  takeRefusal(message: string): number | undefined {
    return take(this.#refusals, message);
  }

  /** The milliseconds to hold this request back; counts as one strike. */
  takeDelay(message: string): number | undefined {
    return take(this.#delays, message);
  }
}

function take(rules: Map<string, Rule<number>>, message: string): number | undefined {
  const rule = rules.get(message);
  if (rule === undefined) return undefined;
  rule.left -= 1;
  if (rule.left <= 0) rules.delete(message);
  return rule.value;
}
