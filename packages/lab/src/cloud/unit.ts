import type { ProgramProcess } from '../program-process.js';

/** A server or an agent of a cloud, in this process or one of its own. */
export interface Unit {
  /** `server-0`, or `agent-` and its node. */
  readonly name: string;
  /** The API of a server; of an agent the same as `health`. */
  readonly url: string;
  /** Where it answers /healthz and /readyz. */
  readonly health: string;
  /** @throws Error when it runs in this process */
  readonly process: ProgramProcess;
  readonly pid: number | undefined;
  /**
   * Starts it, again with the same configuration and addresses, and resolves when it is ready.
   * @param ready false: resolves when it answers, for a program that cannot become ready now
   */
  start(ready?: boolean): Promise<void>;
  /** @param how `kill`: without a goodbye; an object of this process cannot be taken away in mid-sentence, and is stopped */
  stop(how?: 'stop' | 'kill'): Promise<void>;
  restart(how: 'stop' | 'kill'): Promise<void>;
}

/** What /readyz of a unit says. @throws Error when it does not answer within `timeoutMs` */
export async function readyz(
  { health }: Pick<Unit, 'health'>,
  timeoutMs = 5_000,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${health}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
  return { status: answer.status, text: await answer.text() };
}

/** Which of these servers leads, by its own word: one that does not answer in time does not. */
export async function leaderOf(
  servers: readonly Pick<Unit, 'health'>[],
  timeoutMs?: number,
): Promise<number | undefined> {
  for (const [n, server] of servers.entries()) {
    const role = await readyz(server, timeoutMs).then(
      ({ text }) => (JSON.parse(text) as { role?: string }).role,
      () => undefined,
    );
    if (role === 'leader') return n;
  }
  return undefined;
}
