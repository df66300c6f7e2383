import { onAbort } from '@taas/service';

/** A wait that others end: what came before the wait is not missed, and several wake-ups are one. */
export class WakeUp {
  #called = false;
  #wake: (() => void) | null = null;

  call(): void {
    this.#called = true;
    this.#wake?.();
  }

  /** Resolves after the next call (or one since the last wait), or when one of the signals aborts. Never rejects. */
  async wait(...signals: readonly AbortSignal[]): Promise<void> {
    let off: () => void = () => undefined;
    if (!this.#called)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        off = onAbort(signals, resolve);
      });
    off();
    this.#called = false;
    this.#wake = null;
  }
}
