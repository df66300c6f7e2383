import type { Change, FollowEvent, Revision } from '@taas/store';

type Changes = Extract<FollowEvent, { kind: 'changes' }>;

/** Changes after which a portion ends with its revision. */
const enough = 16;

/**
 * Cuts an event into portions that may be taken in one after the other: what follows a portion is later than all in it, so that
 * no transaction is cut, and each portion's revision is the one up to which all is known then. Of several prefixes each is told in order,
 * and a follower that is behind is told much of one before the other's: they are put in order of revisions first, or all of it
 * would be one portion.
 */
export function* wholeRevisions({ revision, changes }: Changes): Generator<Changes, void, void> {
  const ordered = inOrder(changes);
  let from = 0;
  for (const [index, change] of ordered.entries()) {
    const next = ordered[index + 1];
    if (index + 1 - from < enough || next === undefined || revisionOf(next) === revisionOf(change)) continue;
    yield { kind: 'changes', revision: revisionOf(change), changes: ordered.slice(from, index + 1) };
    from = index + 1;
  }
  yield { kind: 'changes', revision, changes: from === 0 ? ordered : ordered.slice(from) };
}

/** Those of one revision stay in the order in which they came. */
function inOrder(changes: readonly Change[]): readonly Change[] {
  const isInOrder = changes.every((change, n) => n === 0 || revisionOf(change) >= revisionOf(changes[n - 1] ?? change));
  return isInOrder ? changes : [...changes].sort((a, b) => revisionOf(a) - revisionOf(b));
}

const revisionOf = (change: Change): Revision =>
  change.kind === 'put' ? change.entry.modRevision : change.modRevision;
