import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChangeBatch, ChangeQueue } from './change-queue.js';

function batch(revision: number, size = 1, length = 1): ChangeBatch {
  const change = { key: `/${revision}`, value: 'x'.repeat(length), createRevision: 1, modRevision: revision };
  return { revision, changes: Array.from({ length: size }, () => ({ kind: 'put', entry: change })) };
}

describe('ChangeQueue', () => {
  it('hands over everything that was pushed, in order, however pushes and takes interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), async (pushes) => {
        const queue = new ChangeQueue({ maxChanges: 1_000, maxCharacters: 100_000 });
        const taken: number[] = [];
        let pushed = 0;
        let pending: Promise<void> | undefined;
        const take = async () => {
          const { changes, revision } = await queue.take();
          taken.push(...changes.map((change) => (change.kind === 'put' ? change.entry.modRevision : 0)));
          expect(revision).toBe(taken.at(-1));
          pending = undefined;
        };
        for (const isPush of pushes) {
          if (isPush) queue.push(batch(++pushed));
          else pending ??= take();
          await Promise.resolve();
        }
        queue.push(batch(++pushed));
        await (pending ?? take());
        if (taken.length < pushed) await take();
        expect(taken).toEqual(Array.from({ length: pushed }, (_, index) => index + 1));
      }),
    );
  });

  it('drops everything when there are too many changes, and takes no more', async () => {
    const queue = new ChangeQueue({ maxChanges: 10, maxCharacters: 1_000_000 });
    expect(queue.push(batch(1, 10))).toBe(true);
    expect(queue.push(batch(2, 1))).toBe(false);
    expect(queue.push(batch(3, 1))).toBe(false);
    await expect(queue.take()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('drops everything when the changes are too large', async () => {
    const queue = new ChangeQueue({ maxChanges: 10, maxCharacters: 1_000 });
    expect(queue.push(batch(1, 1, 900))).toBe(true);
    expect(queue.push(batch(2, 1, 900))).toBe(false);
    await expect(queue.take()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('has room again after what waited was taken', async () => {
    const queue = new ChangeQueue({ maxChanges: 10, maxCharacters: 1_000 });
    for (let revision = 1; revision < 20; revision++) {
      expect(queue.push(batch(revision, 10, 80))).toBe(true);
      await queue.take();
    }
  });

  it('hands over what came before a failure, then throws it', async () => {
    const queue = new ChangeQueue({ maxChanges: 10, maxCharacters: 1_000 });
    const failure = new Error('the connection broke');
    queue.push(batch(1));
    queue.fail(failure);
    expect((await queue.take()).revision).toBe(1);
    await expect(queue.take()).rejects.toBe(failure);
  });

  it('wakes a waiting consumer with the failure', async () => {
    const queue = new ChangeQueue({ maxChanges: 10, maxCharacters: 1_000 });
    const taking = queue.take();
    queue.fail(new Error('the connection broke'));
    await expect(taking).rejects.toThrow('the connection broke');
  });
});
