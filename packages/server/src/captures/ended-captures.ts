import type { Clock } from '@taas/service';
import type { CaptureWish } from './capture-wish.js';
import type { ShownCapture } from './shown-capture.js';

/** What is known of a capture that has ended. */
export interface EndedCapture {
  readonly wish: CaptureWish;
  readonly shown: ShownCapture;
  readonly at: number;
}

/** Captures that have ended are shown so long, in ms, and so many of them. */
const shownMs = 60_000;
const mostShown = 64;

/** Captures that have ended a while ago at most: whoever started one still finds out how it went. */
export class EndedCaptures {
  readonly #ended = new Map<string, EndedCapture>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  remember(wish: CaptureWish, shown: ShownCapture): void {
    const now = this.clock.now();
    this.#ended.set(shown.id, { wish, shown, at: now });
    for (const [id, { at }] of this.#ended)
      if (this.#ended.size > mostShown || now - at > shownMs) this.#ended.delete(id);
  }

  find(id: string): EndedCapture | undefined {
    return this.all().find(({ shown }) => shown.id === id);
  }

  all(): readonly EndedCapture[] {
    const now = this.clock.now();
    return [...this.#ended.values()].filter(({ at }) => now - at <= shownMs);
  }
}
