import type { Clock } from '@taas/service';
import type { Leadership } from '@taas/store';

/** A task as it is done during one leadership. */
export interface RunningTask {
  run(): Promise<void>;
  /** When the leadership is over, however it has ended. */
  end?(): void;
}

/** Something that the leading server does, and no other. */
export interface LeaderTask {
  /** For people. */
  readonly name: string;
  /** From the end of a run to the next, in ms; null: one run, which waits for what it has to do, and ends with the leadership. */
  readonly everyMs: number | null;
  /** Begins without any knowledge: others may have led meanwhile. The tasks behind it in the list wait for it. */
  begin(leadership: Leadership): RunningTask | Promise<RunningTask>;
}

/** A task that runs once, and ends with the leadership. */
export function lastingTask(name: string, run: (leadership: Leadership) => Promise<void>): LeaderTask {
  return { name, everyMs: null, begin: (leadership) => ({ run: () => run(leadership) }) };
}

/**
 * Begins the tasks one after the other, and runs them side by side until the leadership ends.
 * @throws what a task throws: then this server can lead no longer
 */
export async function runTasks(tasks: readonly LeaderTask[], leadership: Leadership, clock: Clock): Promise<void> {
  const running: RunningTask[] = [];
  try {
    const runs: (() => Promise<void>)[] = [];
    for (const { everyMs, begin } of tasks) {
      const task = await begin(leadership);
      running.push(task);
      runs.push(everyMs === null ? () => task.run() : () => repeat(task, everyMs, leadership.signal, clock));
    }
    await Promise.all(runs.map((run) => run()));
  } finally {
    for (const task of running) task.end?.();
  }
}

async function repeat(task: RunningTask, everyMs: number, signal: AbortSignal, clock: Clock): Promise<void> {
  while (!signal.aborted) {
    await task.run();
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
}
