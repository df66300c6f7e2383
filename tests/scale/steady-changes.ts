import type { ScaleCloud } from './scale-cloud.js';
import type { ScaleServer } from './scale-server.js';
import { type MadeFlow, makeFlow, removeFlow } from './taps.js';

export interface ChangeTimes {
  /** In ms each. */
  readonly post: number[];
  /** From the request to a node's record in etcd. */
  readonly told: number[];
  readonly remove: number[];
  /** From the request to the node's tombstone. */
  readonly untold: number[];
  /** Requests that were not accepted, and nodes that were told nothing within the time. */
  readonly failures: string[];
  /** Requests sent. */
  changes: number;
}

/**
 * Makes and removes flows at a rate, whatever the answers take: each second half of the changes removes what the first has made.
 * @param at which server the n-th change is sent to
 */
export async function steadyChanges(
  cloud: ScaleCloud,
  perSecond: number,
  signal: AbortSignal,
  at: (n: number) => ScaleServer = (n) => cloud.server(n % 2),
  patienceMs = 30_000,
): Promise<ChangeTimes> {
  const { clock, watch } = cloud;
  const times: ChangeTimes = { post: [], told: [], remove: [], untold: [], failures: [], changes: 0 };
  const standing: MadeFlow[] = [];
  const running = new Set<Promise<void>>();
  const make = async (server: ScaleServer): Promise<void> => {
    const flow = await makeFlow(cloud, server);
    times.post.push(flow.ms);
    times.told.push((await watch.told(flow.id, patienceMs)) - flow.at);
    standing.push(flow);
  };
  const remove = async (flow: MadeFlow, server: ScaleServer): Promise<void> => {
    const sent = clock.monotonic();
    times.remove.push(await removeFlow(server, flow));
    const deadline = sent + patienceMs;
    while (watch.untoldAt(flow.id) === undefined) {
      if (clock.monotonic() > deadline) throw new Error(`no tombstone for ${flow.id} within ${patienceMs} ms`);
      await clock.sleep(10);
    }
    times.untold.push((watch.untoldAt(flow.id) ?? sent) - sent);
  };
  const started = clock.monotonic();
  for (let n = 0; !signal.aborted; n += 1) {
    const due = started + (n * 1000) / perSecond;
    await clock.sleep(Math.max(0, due - clock.monotonic()), signal).catch(() => undefined);
    if (signal.aborted) break;
    const server = at(n);
    const old = standing.length > perSecond ? standing.shift() : undefined;
    times.changes += 1;
    const change: Promise<void> = (old ? remove(old, server) : make(server))
      .catch((error: unknown) => {
        if (times.failures.length < 1000) times.failures.push(error instanceof Error ? error.message : String(error));
      })
      .finally(() => running.delete(change));
    running.add(change);
  }
  await Promise.all(running);
  for (const flow of standing.splice(0)) await remove(flow, at(0)).catch((error) => times.failures.push(String(error)));
  return times;
}

/** A signal that aborts after a time. */
export const afterSeconds = (seconds: number): AbortSignal => AbortSignal.timeout(seconds * 1000);
