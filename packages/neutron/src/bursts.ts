import type { Clock } from '@taas/service';
import { LruMap } from '@taas/upstream';

export interface BurstOptions {
  readonly clock: Clock;
  /** So many questions within the span are a burst. */
  readonly questions: number;
  readonly spanMs: number;
  readonly maxAskers: number;
}

/** Tells who asks one question after another, and so is likely to ask many more. */
export class Bursts {
  readonly #spans: LruMap<{ readonly since: number; asked: number }>;

  constructor(private readonly options: BurstOptions) {
    this.#spans = new LruMap(options.maxAskers);
  }

  /** Counts a question. @returns true for one question of a burst, once in a span */
  begins(asker: string): boolean {
    const now = this.options.clock.monotonic();
    let span = this.#spans.get(asker);
    if (span === undefined || now - span.since >= this.options.spanMs) {
      span = { since: now, asked: 0 };
      this.#spans.set(asker, span);
    }
    span.asked += 1;
    return span.asked === this.options.questions;
  }
}
