import type { Clock } from '@taas/service';
import type { Change, Compare, FollowEvent, KeyValue, Store } from './store.js';

/** Where the leader of an election shows that it lives. */
export const heartbeatKeyOf = (key: string): string => `${key}_heartbeat`;

/** That there is nobody who leads: what must still hold when the key is taken. */
export type Vacancy = readonly Compare[];

export interface VacancyOptions {
  readonly key: string;
  /** Silence of the leader after which its place is free, in ms, by our own clock. */
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Waits until the key is absent, or neither it nor its heartbeat has changed for `silenceMs`. A lease alone does not decide:
 * etcd lets anybody keep anybody's lease alive, while only servers may write these two keys.
 * @returns undefined when `signal` aborts
 */
export async function whenVacant(store: Store, options: VacancyOptions): Promise<Vacancy | undefined> {
  const { key, silenceMs, clock, signal } = options;
  const heartbeatKey = heartbeatKeyOf(key);
  const looking = new AbortController();
  const onAbort = () => looking.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  let countdown = new AbortController();
  let vacancy: Vacancy | undefined;
  let leader: KeyValue | undefined;
  let heartbeat: KeyValue | undefined;
  const listenAnew = () => {
    countdown.abort();
    countdown = new AbortController();
    clock.sleep(silenceMs, countdown.signal).then(
      () => {
        // A heartbeat that is written while we decide makes the comparison fail: then nothing is taken.
        vacancy = [unchanged(key, leader), unchanged(heartbeatKey, heartbeat)];
        looking.abort(new Error(`the leader has been silent for ${silenceMs} ms`));
      },
      () => undefined, // It was heard, or nobody listens any more.
    );
  };
  try {
    for await (const event of store.follow([key], looking.signal)) {
      const nothingHeard = event.kind === 'changes' && event.changes.every(isRefused);
      if (!nothingHeard) countdown.abort();
      // Nobody can be heard now, so silence says nothing.
      if (event.kind === 'stale') continue;
      leader = entryAfter(event, key, leader);
      heartbeat = entryAfter(event, heartbeatKey, heartbeat);
      if (leader === undefined) return [unchanged(key, leader)];
      if (!nothingHeard) listenAnew();
    }
    return signal.aborted ? undefined : vacancy;
  } finally {
    countdown.abort();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Whether a write is not believed: anybody may have written that. */
const isRefused = (change: Change): boolean => change.kind === 'put' && change.entry.refused !== undefined;

/** What is known of a key after an event. */
export function entryAfter(
  event: Exclude<FollowEvent, { kind: 'stale' }>,
  key: string,
  before: KeyValue | undefined,
): KeyValue | undefined {
  if (event.kind === 'snapshot') return event.entries.find((entry) => entry.key === key);
  const last = event.changes.findLast((change) => (change.kind === 'put' ? change.entry.key : change.key) === key);
  if (last === undefined) return before;
  return last.kind === 'put' ? last.entry : undefined;
}

function unchanged(key: string, entry: KeyValue | undefined): Compare {
  return entry === undefined ? { kind: 'absent', key } : { kind: 'mod-revision', key, revision: entry.modRevision };
}
