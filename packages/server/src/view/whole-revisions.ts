import type { Change, FollowEvent, Revision } from '@taas/store';

type Changes = Extract<FollowEvent, { kind: 'changes' }>;

/** Changes after which a portion ends with its revision. */
const enough = 16;

/**
 * Cuts an event into portions that may be taken in one after the other: what follows a portion is later than all in it, so that
 * no transaction is cut, and each portion's revision is the one up to which all is known then.
 */
export function* wholeRevisions({ revision, changes }: Changes): Generator<Changes, void, void> {
  const earliestFrom = earliest(changes);
  let from = 0;
  let latest = 0;
  for (const [index, change] of changes.entries()) {
    latest = Math.max(latest, revisionOf(change));
    const next = earliestFrom[index + 1];
    if (index + 1 - from < enough || next === undefined || next <= latest) continue;
    yield { kind: 'changes', revision: latest, changes: changes.slice(from, index + 1) };
    from = index + 1;
  }
  yield { kind: 'changes', revision, changes: from === 0 ? changes : changes.slice(from) };
}

/** For each place the earliest revision from there on: those of several prefixes come each in order, and not all together. */
function earliest(changes: readonly Change[]): Revision[] {
  const found: Revision[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let at = changes.length - 1; at >= 0; at -= 1) {
    const change = changes[at];
    if (change) least = Math.min(least, revisionOf(change));
    found[at] = least;
  }
  return found;
}

const revisionOf = (change: Change): Revision =>
  change.kind === 'put' ? change.entry.modRevision : change.modRevision;
