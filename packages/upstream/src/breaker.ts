import { type BackoffPolicy, backoffDelay } from '@taas/service';

/** Nothing is asked of the service now, because it has failed lately. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';

  constructor(readonly retryAfterMs: number) {
    super(`not asked again for ${Math.ceil(retryAfterMs)} ms, since it failed`);
  }
}

/** Leave to make one request. Exactly one of its methods must be called when the request has ended. */
export interface Admission {
  succeeded(): void;
  failed(): void;
  /** The request ended for a reason of ours: it says nothing about the service. */
  abandoned(): void;
}

export interface BreakerOptions {
  /** So many failures in a row open it. */
  readonly failures: number;
  readonly backoff: BackoffPolicy;
  readonly monotonic: () => number;
  readonly random: () => number;
  readonly onChange: (open: boolean) => void;
}

/** Keeps a dead service from being hammered: after failures, one probe at a time, each after a longer wait. */
export interface Breaker {
  /** @throws BreakerOpenError */
  admit(): Admission;
}

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly until: number; readonly attempt: number }
  | { readonly kind: 'probing'; readonly attempt: number };

export function createBreaker({ failures, backoff, monotonic, random, onChange }: BreakerOptions): Breaker {
  let state: State = { kind: 'closed', failures: 0 };

  const open = (attempt: number) => {
    state = { kind: 'open', until: monotonic() + backoffDelay(backoff, attempt, random()), attempt };
  };
  const close = () => {
    const wasOpen = state.kind !== 'closed';
    state = { kind: 'closed', failures: 0 };
    if (wasOpen) onChange(false);
  };
  const failedWhileClosed = () => {
    if (state.kind !== 'closed') return;
    state = { kind: 'closed', failures: state.failures + 1 };
    if (state.failures < failures) return;
    open(0);
    onChange(true);
  };

  return {
    admit: () => {
      if (state.kind === 'closed') {
        return { succeeded: close, failed: failedWhileClosed, abandoned: () => undefined };
      }
      if (state.kind === 'probing') throw new BreakerOpenError(backoff.firstMs);
      const wait = state.until - monotonic();
      if (wait > 0) throw new BreakerOpenError(wait);
      const { attempt } = state;
      state = { kind: 'probing', attempt };
      return {
        succeeded: close,
        failed: () => open(attempt + 1),
        abandoned: () => {
          state = { kind: 'open', until: monotonic(), attempt };
        },
      };
    },
  };
}
