import type { Clock } from './clock.js';

/**
 *   connected ──(nothing heard for intervalMs + timeoutMs, a control_ping among it)──► not-responding
 *   not-responding ──(anything heard)──► connected
 *   both ──(connection ended)──► disconnected, for good
 *
 * A VPP that is busy (a long CLI command, a barrier) is not a VPP that is gone: not-responding fails nothing by itself.
 */
export type Health = 'connected' | 'not-responding' | 'disconnected';

export interface HealthOptions {
  readonly clock: Clock;
  /** How often to look whether anything was heard, in ms; 0 never looks. */
  readonly intervalMs: number;
  /** How long a control_ping may stay unanswered, in ms. */
  readonly timeoutMs: number;
  /** How many messages were heard so far. */
  readonly heard: () => number;
  /** Sends a control_ping whose reply counts as heard. */
  readonly ping: () => void;
}

/** Watches over a connection. Call `onHeard` for every message, and `stop` at its end. */
export class HealthMonitor {
  readonly #options: HealthOptions;
  readonly #listeners = new Set<(health: Health) => void>();
  #state: Health = 'connected';
  #heardAtTick = 0;
  #cancel: (() => void) | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#heardAtTick = options.heard();
    this.#wait();
  }

  get state(): Health {
    return this.#state;
  }

  /** Returns a function that takes the listener off again. */
  listen(listener: (health: Health) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  readonly onHeard = (): void => {
    if (this.#state === 'not-responding') this.#become('connected');
  };

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#become('disconnected');
  }

  #wait(): void {
    if (this.#options.intervalMs > 0) this.#cancel = this.#options.clock.after(this.#options.intervalMs, this.#tick);
  }

  readonly #tick = (): void => {
    const heard = this.#options.heard();
    if (heard !== this.#heardAtTick) {
      this.#heardAtTick = heard;
      this.#wait();
      return;
    }
    this.#options.ping();
    this.#cancel = this.#options.clock.after(this.#options.timeoutMs, () => {
      if (this.#options.heard() === heard) this.#become('not-responding');
      this.#wait();
    });
  };

  #become(state: Health): void {
    if (this.#state === state || this.#state === 'disconnected') return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}
