import type { Clock, Logger } from '@taas/service';
import { UpstreamUnavailableError } from '@taas/upstream';
import type { NeutronClient, PortsView } from './neutron-client.js';
import type { NeutronPort } from './port.js';
import { diffPorts, type PortChange } from './port-diff.js';

/** What one poll brought. */
export interface PortPass {
  readonly changes: readonly PortChange[];
  /** All followed ports as last seen, those included of which this poll learnt nothing. */
  readonly ports: ReadonlyMap<string, NeutronPort>;
}

export interface PortWatcher {
  /** Looks again and again until `signal` aborts; then returns. */
  run(signal: AbortSignal): Promise<void>;
  /** One poll. @throws what `onRound` throws (the same changes then come again); the signal's reason */
  look(signal: AbortSignal): Promise<PortPass>;
  /** Makes `run` look now at the ports of which nothing is known yet: a tap was made. */
  wake(): void;
  /**
   * Makes `run` look now at a port that may be gone, and again `recheckMs` later if Neutron lacks it: so a deletion is known as surely
   * as by the regular polls, and soon. What Neutron does not answer is left to these.
   */
  suspect(portId: string): void;
  /** Milliseconds since Neutron last answered for all followed ports; null if it never did. For health. */
  age(): number | null;
}

export interface PortWatcherOptions {
  readonly client: NeutronClient;
  /** The ports to follow, asked anew for each poll. */
  readonly portIds: () => Iterable<string>;
  /** Called after each poll that found a change. Until it succeeds, the changes are reported again. */
  readonly onRound: (round: PortPass, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly intervalMs?: number;
  /** So many looks in a row must miss a port before it counts as deleted: a database's replica may lag. */
  readonly missesNeeded?: number;
  /** Milliseconds between two polls of a port that may be gone. */
  readonly recheckMs?: number;
}

/**
 * Follows ports by looking at Neutron at intervals and comparing whole snapshots. A port is reported as deleted only if
 * Neutron answered without it several times, if this is the Neutron that has others of the ports (one of them was found here with
 * its binding), and if {@link NeutronClient.confirmGone} leaves no doubt.
 */
export function createPortWatcher(options: PortWatcherOptions): PortWatcher {
  const { client, portIds, onRound, clock, random, logger, intervalMs = 10_000 } = options;
  const { missesNeeded = 2, recheckMs = 500 } = options;
  let known: ReadonlyMap<string, NeutronPort> = new Map();
  /** How many looks in a row have missed a port. */
  const misses = new Map<string, number>();
  /** Ports that may be gone, each with the time from which on it is due for a poll. */
  const suspects = new Map<string, number>();
  let privileged: boolean | null = null;
  /** Whether any followed port was ever found with its binding: a Neutron that has none of ours may be another cloud's. */
  let recognised = false;
  /** What the log last said of ports that cannot be told from hidden ones. */
  let doubted: string | null = null;
  let completeAt: number | null = null;
  let woken = new AbortController();

  const learnPrivilege = (found: ReadonlyMap<string, NeutronPort>) => {
    if (found.size === 0) return;
    const seen = [...found.values()].some((port) => port.binding !== null);
    if (!seen && privileged !== false) {
      logger.error({}, 'Neutron shows no bindings to our service user; give it the role admin or service');
    }
    privileged = seen;
    recognised ||= seen;
  };

  const doubt = (why: string, ports: number) => {
    if (doubted !== why) logger.warn({ ports, why }, 'ports are missing, but Neutron may just not show them to us');
    doubted = why;
  };

  /** Which of the missed ports are gone beyond doubt; those that are there after all go into `found`. */
  const confirmDeleted = async (
    missed: readonly string[],
    found: Map<string, NeutronPort>,
    signal: AbortSignal,
  ): Promise<string[]> => {
    if (missed.length === 0) return [];
    if (!recognised) {
      doubt('it has none of the ports of taps', missed.length);
      return [];
    }
    const witnesses = [...found.values()].filter(({ binding }) => binding !== null).map(({ id }) => id);
    const absence = await client.confirmGone(missed, witnesses, signal);
    for (const [id, port] of absence.found) found.set(id, port);
    if (absence.doubt === null) doubted = null;
    else doubt(absence.doubt, missed.length - absence.gone.length - absence.found.size);
    return [...absence.gone];
  };

  /** What Neutron's answer about some ports comes to. */
  const judge = async (view: PortsView, signal: AbortSignal) => {
    const found = new Map(view.found);
    learnPrivilege(found);
    for (const id of found.keys()) misses.delete(id);
    for (const id of view.absent) misses.set(id, (misses.get(id) ?? 0) + 1);
    const missed = [...view.absent].filter((id) => (misses.get(id) ?? 0) >= missesNeeded);
    try {
      return { found, deleted: await confirmDeleted(missed, found, signal), complete: view.failure === null };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UpstreamUnavailableError)) throw error;
      return { found, deleted: [], complete: false };
    }
  };

  const look = async (signal: AbortSignal): Promise<PortPass> => {
    const asked = new Set(portIds());
    const view = await client.portsAsService(asked, signal);
    for (const id of misses.keys()) if (!asked.has(id)) misses.delete(id);
    const { found, deleted, complete } = await judge(view, signal);
    const gone = new Set(deleted);
    const kept = [...known].filter(([id]) => asked.has(id) && !found.has(id) && !gone.has(id));
    const ports = new Map([...kept, ...found]);
    const round = { changes: diffPorts(known, found, deleted), ports };
    // Neutron has answered, whatever becomes of the answer.
    if (complete) completeAt = clock.monotonic();
    if (round.changes.length > 0) await onRound(round, signal);
    known = ports;
    return round;
  };

  /** A poll of the ports that may be gone. */
  const lookAtSuspects = async (signal: AbortSignal): Promise<void> => {
    const now = clock.monotonic();
    const due = [...suspects].filter(([, at]) => at <= now).map(([id]) => id);
    for (const id of due) suspects.delete(id);
    const followed = new Set(portIds());
    const asked = due.filter((id) => followed.has(id));
    if (asked.length === 0) return;
    const view = await client.portsAsService(asked, signal);
    const { found, deleted } = await judge(view, signal);
    for (const id of view.absent) if ((misses.get(id) ?? 0) < missesNeeded) suspects.set(id, now + recheckMs);
    const changes = diffPorts(known, found, deleted);
    const ports = new Map([...known, ...found]);
    for (const id of deleted) ports.delete(id);
    if (changes.length > 0) await onRound({ changes, ports }, signal);
    known = ports;
  };

  /** A poll of the ports that no poll has found yet; whether one is gone is for the others to find out. */
  const lookAtNew = async (signal: AbortSignal): Promise<void> => {
    const { found } = await client.portsAsService(
      [...portIds()].filter((id) => !known.has(id)),
      signal,
    );
    if (found.size === 0) return;
    learnPrivilege(found);
    const ports = new Map([...known, ...found]);
    await onRound({ changes: diffPorts(known, found, []), ports }, signal);
    known = ports;
  };

  /** Returns early when woken. */
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    const stop = () => woken.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await clock.sleep(ms, woken.signal);
    } catch (error) {
      if (!woken.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      if (woken.signal.aborted) woken = new AbortController();
    }
  };

  return {
    look,
    wake: () => woken.abort(),
    suspect: (id) => {
      suspects.set(id, clock.monotonic());
      woken.abort();
    },
    age: () => (completeAt === null ? null : clock.monotonic() - completeAt),
    run: async (signal) => {
      let due = clock.monotonic();
      while (!signal.aborted) {
        const regular = clock.monotonic() >= due;
        try {
          if (regular) await look(signal);
          else await lookAtNew(signal);
          await lookAtSuspects(signal);
        } catch (error) {
          if (signal.aborted) return;
          suspects.clear();
          logger.error({ err: error }, 'a poll of the ports of taps failed; it is repeated');
        }
        if (regular) due = clock.monotonic() + intervalMs * (0.9 + 0.2 * random());
        const next = Math.min(due, ...suspects.values());
        if (!signal.aborted) await pause(Math.max(0, next - clock.monotonic()), signal);
      }
    },
  };
}
