import type { ResourceKind } from '@taas/model';
import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import { WakeUp } from '../wake-up.js';
import type { StateEntry, StateWriter } from './state-writer.js';

export interface StateReporterOptions {
  readonly writer: StateWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly backoff: BackoffPolicy;
  /** Told of each state as soon as it is known. */
  readonly told?: (entry: StateEntry) => void;
  /** Called before taps are said to be REMOVED; what it makes of them is written instead. It must not fail. */
  readonly beforeRemoved?: (entries: readonly StateEntry[], signal: AbortSignal) => Promise<readonly StateEntry[]>;
}

/**
 * Hands states to the writer, beside the rounds: wiring does not wait for the store, and while the store cannot be
 * reached only the newest state of each tap is kept.
 */
export class StateReporter {
  #entries = new Map<string, StateEntry>();
  #wanted: ((kind: ResourceKind, id: string) => boolean) | null = null;
  #doubt = false;
  readonly #wake = new WakeUp();

  constructor(private readonly options: StateReporterOptions) {}

  report(entries: Iterable<StateEntry>): void {
    for (const entry of entries) {
      this.#entries.set(`${entry.kind}/${entry.id}`, entry);
      this.options.told?.(entry);
    }
    if (this.#entries.size > 0) this.#wake.call();
  }

  /** States of taps that are not wanted are to go. */
  prune(isWanted: (kind: ResourceKind, id: string) => boolean): void {
    this.#wanted = isWanted;
    this.#wake.call();
  }

  /**
   * What is in the store may not be what was written: somebody may have spoilt it, or a second agent of this node, started
   * by mistake, have written something older. It is looked at again before the next write.
   */
  recheck(): void {
    this.#doubt = true;
  }

  async #beforeRemoved(removed: readonly StateEntry[], signal: AbortSignal): Promise<readonly StateEntry[]> {
    return (await this.options.beforeRemoved?.(removed, signal)) ?? removed;
  }

  async keep(signal: AbortSignal): Promise<void> {
    const { writer, clock, logger, random, backoff } = this.options;
    for (let attempt = 0; !signal.aborted; ) {
      const entries = this.#entries;
      const isWanted = this.#wanted;
      if (entries.size === 0 && isWanted === null) {
        await this.#wake.wait(signal);
        continue;
      }
      this.#entries = new Map();
      this.#wanted = null;
      if (this.#doubt) writer.forget();
      this.#doubt = false;
      try {
        const others = [...entries.values()].filter(({ status }) => status !== 'REMOVED');
        const removed = [...entries.values()].filter(({ status }) => status === 'REMOVED');
        const said = removed.length === 0 ? [] : await this.#beforeRemoved(removed, signal);
        await writer.write([...others, ...said], signal);
        if (isWanted) await writer.prune(isWanted, signal);
        attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#entries = new Map([...entries, ...this.#entries]);
        this.#wanted ??= isWanted;
        const cause = error instanceof Error ? error.message : String(error);
        logger.warn({ cause, attempt }, 'states could not be written');
        await clock.sleep(backoffDelay(backoff, attempt++, random()), signal).catch(() => undefined);
      }
    }
  }
}
