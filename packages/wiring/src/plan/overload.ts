import { type Blocker, refused } from './blocker.js';

/** What the agent sees of taps that copy more than they may, by the names of their policers, which are tags of loopbacks. */
export interface Overload {
  /** Part of the copies is dropped: what to tell the tenant. */
  readonly thinned: ReadonlyMap<string, string>;
  /** Nothing is copied for now, and why. */
  readonly suspended: ReadonlyMap<string, string>;
}

export const noOverload: Overload = { thinned: new Map(), suspended: new Map() };

/** @param tags of the loopbacks by which a tap's copies come in */
export function suspension({ suspended }: Overload, tags: Iterable<string>): Blocker | null {
  for (const tag of tags) {
    const reason = suspended.get(tag);
    if (reason !== undefined) return refused('over_budget', reason).blocker;
  }
  return null;
}

/** What to say of a tap that stands; empty: nothing. */
export function thinning({ thinned }: Overload, tags: Iterable<string>): string {
  for (const tag of tags) {
    const warning = thinned.get(tag);
    if (warning !== undefined) return warning;
  }
  return '';
}
