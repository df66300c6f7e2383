import type { Change, FollowEvent } from '@taas/store';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wholeRevisions } from './whole-revisions.js';

const change = (key: string, modRevision: number): Change => ({ kind: 'delete', key, modRevision });
const revisionOf = (each: Change): number => (each.kind === 'put' ? each.entry.modRevision : each.modRevision);
const eventOf = (changes: readonly Change[]): Extract<FollowEvent, { kind: 'changes' }> => ({
  ...{ kind: 'changes', changes },
  revision: Math.max(0, ...changes.map(revisionOf)),
});

/** What several watches have told, each in order: turns says which is heard next. */
function heard(watches: readonly (readonly number[])[], turns: readonly number[]): Change[] {
  const left = watches.map((revisions, n) => revisions.map((revision) => change(`w${n}`, revision)));
  const changes = turns.flatMap((turn) => left[turn % left.length]?.shift() ?? []);
  return [...changes, ...left.flat()];
}

const inOrder = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 }).map((all) => all.sort((a, b) => a - b));
const histories = fc
  .tuple(fc.array(inOrder, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(), { maxLength: 200 }))
  .map(([watches, turns]) => heard(watches, turns));

it('has every change once, and those of each watch in their order', () => {
  fc.assert(
    fc.property(histories, (changes) => {
      const taken = [...wholeRevisions(eventOf(changes))].flatMap((portion) => portion.changes);
      expect(taken).toHaveLength(changes.length);
      for (const watch of ['w0', 'w1', 'w2']) {
        const of = (all: readonly Change[]) => all.filter((each) => each.kind === 'delete' && each.key === watch);
        expect(of(taken)).toEqual(of(changes));
      }
    }),
  );
});

it('cuts no revision, and a portion says a revision up to which nothing is still to come', () => {
  fc.assert(
    fc.property(histories, (changes) => {
      const portions = [...wholeRevisions(eventOf(changes))];
      for (const [n, { revision, changes: taken }] of portions.entries()) {
        for (const each of taken) expect(revisionOf(each)).toBeLessThanOrEqual(revision);
        for (const later of portions.slice(n + 1).flatMap((portion) => portion.changes))
          expect(revisionOf(later)).toBeGreaterThan(revision);
      }
      expect(portions.at(-1)?.revision).toBe(eventOf(changes).revision);
    }),
  );
});

it('cuts many small transactions into many portions', () => {
  const changes = Array.from({ length: 1_000 }, (_, n) => change(`k${n}`, n + 1));
  const sizes = [...wholeRevisions(eventOf(changes))].map((portion) => portion.changes.length);
  expect(Math.max(...sizes)).toBe(16);
});

it('has no large portions where one watch was told all before the others', () => {
  fc.assert(
    fc.property(fc.array(inOrder, { minLength: 1, maxLength: 3 }), (watches) => {
      const changes = heard(watches, []);
      const ofRevision = new Map<number, number>();
      for (const each of changes) ofRevision.set(revisionOf(each), (ofRevision.get(revisionOf(each)) ?? 0) + 1);
      const most = Math.max(0, ...ofRevision.values());
      for (const portion of wholeRevisions(eventOf(changes))) expect(portion.changes.length).toBeLessThan(16 + most);
    }),
  );
});
