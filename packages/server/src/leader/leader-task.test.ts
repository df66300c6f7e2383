import { systemClock } from '@taas/service';
import { expect, it } from 'vitest';
import { type LeaderTask, lastingTask, runTasks } from './leader-task.js';

const fence = { kind: 'mod-revision', key: 'leader', revision: 1 } as const;
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

function leadership() {
  const stop = new AbortController();
  return { stop, leadership: { signal: stop.signal, fence } };
}

it('tasks begin one after the other, and end with the leadership', async () => {
  const { stop, leadership: led } = leadership();
  const log: string[] = [];
  const task = (name: string): LeaderTask => ({
    ...{ name, everyMs: null },
    begin: async () => {
      await systemClock.sleep(1);
      log.push(`${name} begins`);
      return { run: () => untilAborted(led.signal), end: () => log.push(`${name} ends`) };
    },
  });
  const all = runTasks([task('a'), task('b'), lastingTask('c', async () => stop.abort())], led, systemClock);
  await all;
  expect(log).toEqual(['a begins', 'b begins', 'a ends', 'b ends']);
});

it('a task with an interval runs again and again, one run at a time', async () => {
  const { stop, leadership: led } = leadership();
  let [runs, inside] = [0, 0];
  const again: LeaderTask = {
    ...{ name: 'again', everyMs: 1 },
    begin: () => ({
      run: async () => {
        inside += 1;
        expect(inside).toBe(1);
        await systemClock.sleep(1);
        inside -= 1;
        runs += 1;
        if (runs === 3) stop.abort();
      },
    }),
  };
  await runTasks([again], led, systemClock);
  expect(runs).toBe(3);
});

it('what a task throws is thrown, and all are told that it is over', async () => {
  const { leadership: led } = leadership();
  let ended = false;
  const other: LeaderTask = {
    ...{ name: 'other', everyMs: null },
    begin: () => ({
      run: () => untilAborted(led.signal),
      end: () => {
        ended = true;
      },
    }),
  };
  const broken = lastingTask('broken', async () => {
    throw new Error('broken');
  });
  await expect(runTasks([other, broken], led, systemClock)).rejects.toThrow('broken');
  expect(ended).toBe(true);
});
