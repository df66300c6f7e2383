import { describe, expect, it } from 'vitest';
import { FairTurns, TurnsFullError } from './fair-turns.js';

const never = new AbortController().signal;

/** Takes turns and notes in which order they are had. */
class Bench {
  readonly had: string[] = [];
  readonly ends: (() => void)[] = [];
  readonly refused: string[] = [];

  constructor(readonly turns: FairTurns) {}

  async take(key: string, signal = never): Promise<void> {
    this.turns.take(key, signal).then(
      (end) => {
        this.had.push(key);
        this.ends.push(end);
      },
      (error: unknown) => this.refused.push(error instanceof TurnsFullError ? key : String(error)),
    );
    await settled();
  }

  async end(): Promise<void> {
    this.ends.shift()?.();
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('fair turns', () => {
  it('are served in rotation, however long the queue of one key is', async () => {
    const bench = new Bench(new FairTurns({ concurrent: 1, concurrentPerKey: 1, waiting: 100, waitingPerKey: 100 }));
    for (let n = 0; n < 10; n++) await bench.take('many');
    await bench.take('one');
    await bench.take('two');
    for (let n = 0; n < 4; n++) await bench.end();
    expect(bench.had).toEqual(['many', 'many', 'one', 'two', 'many']);
  });

  it('of one key leave some to the others', async () => {
    const bench = new Bench(new FairTurns({ concurrent: 4, concurrentPerKey: 2, waiting: 100, waitingPerKey: 100 }));
    for (let n = 0; n < 5; n++) await bench.take('many');
    expect(bench.had).toEqual(['many', 'many']);
    await bench.take('one');
    expect(bench.had).toEqual(['many', 'many', 'one']);
    await bench.end();
    expect(bench.had).toEqual(['many', 'many', 'one', 'many']);
    expect([bench.turns.taken, bench.turns.waiting]).toEqual([3, 2]);
  });

  it('a queue that is full takes the place of the longest', async () => {
    const bench = new Bench(new FairTurns({ concurrent: 1, concurrentPerKey: 1, waiting: 3, waitingPerKey: 3 }));
    for (let n = 0; n < 4; n++) await bench.take('many');
    await bench.take('many');
    expect(bench.refused).toEqual(['many']);
    await bench.take('one');
    expect(bench.refused).toEqual(['many', 'many']);
    await bench.end();
    await bench.end();
    expect(bench.had).toEqual(['many', 'many', 'one']);
  });

  it('nobody is displaced by one who would have as much', async () => {
    const bench = new Bench(new FairTurns({ concurrent: 1, concurrentPerKey: 1, waiting: 2, waitingPerKey: 9 }));
    for (const key of ['x', 'a', 'b', 'c']) await bench.take(key);
    expect(bench.refused).toEqual(['c']);
  });

  it('who leaves is not waited for, and an end counts once', async () => {
    const bench = new Bench(new FairTurns({ concurrent: 1, concurrentPerKey: 1, waiting: 9, waitingPerKey: 9 }));
    const leaver = new AbortController();
    await bench.take('x');
    await bench.take('a', leaver.signal);
    await bench.take('b');
    leaver.abort('gone');
    await settled();
    expect(bench.refused).toEqual(['gone']);
    const [end] = bench.ends;
    end?.();
    end?.();
    await settled();
    expect(bench.had).toEqual(['x', 'b']);
    expect([bench.turns.taken, bench.turns.waiting]).toEqual([1, 0]);
  });
});
