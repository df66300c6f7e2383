import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkQueue } from './work-queue.js';

const never = new AbortController().signal;

async function all(queue: WorkQueue): Promise<string[]> {
  const taken: string[] = [];
  while (queue.size > 0) {
    const key = await queue.take(never);
    taken.push(key);
    queue.done(key);
  }
  return taken;
}

describe('keys that can wait', () => {
  it('are taken behind what has changed, but for one in four', async () => {
    const queue = new WorkQueue();
    for (const key of ['a', 'b', 'c', 'd']) queue.addLater(key);
    for (const key of ['1', '2', '3', '4']) queue.add(key);
    expect(await all(queue)).toEqual(['1', '2', '3', 'a', '4', 'b', 'c', 'd']);
  });

  it('go before the others once something has happened to them', async () => {
    const queue = new WorkQueue();
    for (const key of ['a', 'b', 'c']) queue.addLater(key);
    queue.add('c');
    queue.addLater('c');
    expect(await all(queue)).toEqual(['c', 'a', 'b']);
  });

  it('are not lost where somebody works on them', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    expect(await queue.take(never)).toBe('a');
    queue.addLater('a');
    expect(queue.isAgain('a')).toBe(true);
    queue.done('a');
    expect(await all(queue)).toEqual(['a']);
  });

  it('are all taken, each once, in whatever order they come', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), async (adds) => {
        const queue = new WorkQueue();
        for (const [later, n] of adds) queue[later ? 'addLater' : 'add'](`${n}`);
        const distinct = new Set(adds.map(([, n]) => `${n}`));
        expect(queue.size).toBe(distinct.size);
        expect((await all(queue)).sort()).toEqual([...distinct].sort());
      }),
    ));

  it('wake who waits', async () => {
    const queue = new WorkQueue();
    const taking = queue.take(never);
    queue.addLater('a');
    expect(await taking).toBe('a');
  });
});
