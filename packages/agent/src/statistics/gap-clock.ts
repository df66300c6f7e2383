import type { GapCause, ResourceKind, TapStateStatus } from '@taas/model';
import { type TapName, tapName } from '../wanted/tap-ids.js';

interface Standing {
  readonly kind: ResourceKind;
  readonly id: string;
  /** Null: it is ACTIVE, or has not begun. */
  readonly cause: GapCause | null;
  /** It has been ACTIVE here. */
  readonly begun: boolean;
  /** Up to when it has been counted, on the monotonic clock. */
  counted: number;
}

/** Time to be added to a tap's gaps. */
export interface Elapsed {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly cause: GapCause;
  readonly milliseconds: number;
}

/**
 * How long each tap that is wanted has not been ACTIVE since it was for the first time, and why. Times are milliseconds on the
 * monotonic clock.
 */
export class GapClock {
  readonly #standing = new Map<TapName, Standing>();

  /**
   * A tap's state is known anew.
   * @param counted whether it had been counted before anything was told of it: it was ACTIVE before the agent was restarted
   * @returns the time until now in which it was not ACTIVE
   */
  told(
    kind: ResourceKind,
    id: string,
    status: TapStateStatus,
    code: string,
    now: number,
    counted: () => boolean,
  ): Elapsed[] {
    const name = tapName(kind, id);
    const before = this.#standing.get(name);
    if (before?.begun && before.cause === null && status === 'ACTIVE') {
      before.counted = now;
      return [];
    }
    const elapsed = before ? elapsedOf(before, now) : [];
    if (status === 'REMOVED') this.#standing.delete(name);
    else {
      const begun = status === 'ACTIVE' || (before ? before.begun : counted());
      const cause = begun ? causeOf(status, code, before?.cause) : null;
      this.#standing.set(name, { kind, id, cause, begun, counted: now });
    }
    return elapsed;
  }

  /** The time since this was asked last, of all taps. */
  take(now: number): Elapsed[] {
    const all: Elapsed[] = [];
    for (const standing of this.#standing.values()) {
      if (standing.cause !== null) all.push(...elapsedOf(standing, now));
      standing.counted = now;
    }
    return all;
  }

  forget(kind: ResourceKind, id: string): void {
    this.#standing.delete(tapName(kind, id));
  }
}

function elapsedOf({ kind, id, cause, counted }: Standing, now: number): Elapsed[] {
  return cause === null || now <= counted ? [] : [{ kind, id, cause, milliseconds: now - counted }];
}

function causeOf(status: TapStateStatus, code: string, before: GapCause | null | undefined): GapCause | null {
  if (status === 'ACTIVE') return null;
  // Until it is ACTIVE again: what is mended after a restart is the restart's.
  return code === 'vpp_disconnected' || before === 'vpp_restarted' ? 'vpp_restarted' : 'not_active';
}
