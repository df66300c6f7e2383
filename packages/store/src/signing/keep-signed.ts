import { type BackoffPolicy, backoffDelay, type Clock, type Logger, onAbort } from '@taas/service';
import type { Compare } from '../store.js';
import type { SignatureDesk } from './signature-desk.js';
import type { SignedStore } from './signed-store.js';

export interface KeepSignedOptions {
  readonly store: SignedStore;
  readonly desk: SignatureDesk;
  /** Below which our values are. */
  readonly prefixes: readonly string[];
  /** What must hold for each write. */
  readonly compare: readonly Compare[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

const retry: BackoffPolicy = { firstMs: 500, maxMs: 30_000 };

/** Signs what is ours with our present key, now and whenever that changes, until `signal` aborts. */
export async function keepSigned(options: KeepSignedOptions, signal: AbortSignal): Promise<void> {
  const { store, desk, prefixes, compare, clock, logger, random } = options;
  let failures = 0;
  while (!signal.aborted) {
    const { changed } = desk;
    try {
      for (const prefix of prefixes) {
        const renewed = await store.renew(prefix, compare, signal);
        if (renewed > 0) logger.info({ prefix, renewed }, 'values were signed anew');
      }
      failures = 0;
      await untilEither(changed, signal);
    } catch (cause) {
      if (signal.aborted) return;
      logger.warn({ cause }, 'values could not be signed anew; will try again');
      await clock.sleep(backoffDelay(retry, failures++, random()), signal).catch(() => undefined);
    }
  }
}

function untilEither(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => void onAbort(signals, resolve));
}
