import type { Clock } from './clock.js';
import { VppOverloadedError, VppTimeoutError } from './errors.js';

const SWEEP_MS = 20;
const MAX_CONTEXT = 0xffff_ffff;

/** Something sent to VPP that waits for its answer. */
export interface Exchange {
  readonly messageName: string;
  readonly timeoutMs: number;
  /** How many contexts it needs: consecutive, from the one given to `start`. */
  readonly contexts: number;
  /** Writes its messages. May throw if they cannot be encoded. */
  start(firstContext: number): void;
  /** Takes an answer to one of its contexts; true when it was the last. */
  receive(context: number, messageId: number, buffer: Buffer, start: number, end: number): boolean;
  fail(error: unknown): void;
}

interface Entry {
  readonly exchange: Exchange;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  firstContext: number;
}

export interface InFlightLimits {
  readonly maxInFlight: number;
  readonly maxWaiting: number;
}

/**
 * Every exchange not yet settled: `waiting` for a free place, or `active` and found by context.
 *
 *   submit ──► waiting ──► active ──► settled
 *                 └──────────┴── time-out, abort, disconnect ──► failed
 *
 * Answers to a context that nobody waits for any more are dropped: late replies are normal after a time-out.
 */
export class InFlight {
  readonly #clock: Clock;
  readonly #limits: InFlightLimits;
  readonly #waiting = new Set<Entry>();
  readonly #active = new Set<Entry>();
  readonly #byContext = new Map<number, Entry>();
  readonly #bySignal = new Map<AbortSignal, { readonly entries: Set<Entry>; readonly listener: () => void }>();
  #nextContext = 1;
  #cancelSweep: (() => void) | undefined;

  constructor(clock: Clock, limits: InFlightLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get activeCount(): number {
    return this.#active.size;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Starts the exchange, at once or when there is a place; never throws, the exchange is failed instead. */
  submit(exchange: Exchange, signal: AbortSignal | undefined): void {
    if (signal?.aborted) {
      exchange.fail(signal.reason);
      return;
    }
    const full = this.#active.size >= this.#limits.maxInFlight;
    if (full && this.#waiting.size >= this.#limits.maxWaiting) {
      exchange.fail(new VppOverloadedError(this.#limits.maxWaiting));
      return;
    }
    const entry: Entry = { exchange, signal, deadline: this.#clock.now() + exchange.timeoutMs, firstContext: 0 };
    if (signal !== undefined) this.#watch(signal, entry);
    if (full) this.#waiting.add(entry);
    else this.#start(entry);
    this.#cancelSweep ??= this.#clock.after(SWEEP_MS, this.#sweep);
  }

  /** Hands an answer to whoever waits for it; false if nobody does. */
  receive(context: number, messageId: number, buffer: Buffer, start: number, end: number): boolean {
    const entry = this.#byContext.get(context);
    if (entry === undefined) return false;
    if (entry.exchange.receive(context, messageId, buffer, start, end)) {
      this.#remove(entry);
      this.#fill();
    }
    return true;
  }

  /** Fails everything at once: the connection is gone. */
  failAll(error: unknown): void {
    const entries = [...this.#active, ...this.#waiting];
    for (const entry of entries) this.#remove(entry);
    for (const entry of entries) entry.exchange.fail(error);
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  #start(entry: Entry): void {
    const { exchange } = entry;
    // From the start again before they run out; 0 is skipped, since it is what a server that does not care sends.
    if (this.#nextContext + exchange.contexts > MAX_CONTEXT) this.#nextContext = 1;
    entry.firstContext = this.#nextContext;
    this.#nextContext += exchange.contexts;
    this.#active.add(entry);
    for (let i = 0; i < exchange.contexts; i++) this.#byContext.set(entry.firstContext + i, entry);
    try {
      exchange.start(entry.firstContext);
    } catch (error) {
      this.#remove(entry);
      exchange.fail(error);
    }
  }

  #fill(): void {
    while (this.#waiting.size > 0 && this.#active.size < this.#limits.maxInFlight) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#start(next);
    }
  }

  #remove(entry: Entry): void {
    this.#waiting.delete(entry);
    if (this.#active.delete(entry)) {
      for (let i = 0; i < entry.exchange.contexts; i++) this.#byContext.delete(entry.firstContext + i);
    }
    if (entry.signal !== undefined) this.#unwatch(entry.signal, entry);
  }

  readonly #sweep = (): void => {
    this.#cancelSweep = undefined;
    const now = this.#clock.now();
    const late = [...this.#active, ...this.#waiting].filter((entry) => entry.deadline <= now);
    for (const entry of late) this.#remove(entry);
    for (const { exchange } of late) exchange.fail(new VppTimeoutError(exchange.messageName, exchange.timeoutMs));
    if (late.length > 0) this.#fill();
    if (this.#active.size + this.#waiting.size > 0) this.#cancelSweep = this.#clock.after(SWEEP_MS, this.#sweep);
  };

  // One listener a signal, however many requests share it: a listener a request would be slow, and warned about by Node.
  #watch(signal: AbortSignal, entry: Entry): void {
    const known = this.#bySignal.get(signal);
    if (known !== undefined) {
      known.entries.add(entry);
      return;
    }
    const entries = new Set([entry]);
    const listener = (): void => {
      for (const aborted of [...entries]) {
        this.#remove(aborted);
        aborted.exchange.fail(signal.reason);
      }
      this.#fill();
    };
    this.#bySignal.set(signal, { entries, listener });
    signal.addEventListener('abort', listener, { once: true });
  }

  #unwatch(signal: AbortSignal, entry: Entry): void {
    const known = this.#bySignal.get(signal);
    if (known === undefined) return;
    known.entries.delete(entry);
    if (known.entries.size > 0) return;
    this.#bySignal.delete(signal);
    signal.removeEventListener('abort', known.listener);
  }
}
