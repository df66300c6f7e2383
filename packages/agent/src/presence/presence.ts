import { type AgentRecord, agentCodec, heartbeatCodec, keys } from '@taas/model';
import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import { type FollowEvent, type KeyValue, type Lease, type Operation, type Store, StoreError } from '@taas/store';
import { WakeUp } from '../wake-up.js';

export interface PresenceOptions {
  readonly store: Store;
  readonly node: string;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly backoff: BackoffPolicy;
}

/** Each is a write to etcd with a history: decision 27 has what they cost. */
const beatsPerLease = 2;

/** What this agent has written, and at which revision. */
interface Written {
  readonly value: string;
  readonly revision: number;
}

/**
 * Keeps the agent's record in the store, under a lease, and beside it a heartbeat, written anew twice in the lease's time:
 * anybody may keep a lease alive, and nobody else may write the heartbeat. When the agent stops, the lease is left to run out: a restart
 * within its time is not seen by anybody, and taps go on being what they were.
 */
export class Presence {
  #record: string | null = null;
  #written: Written | null = null;
  /** What is on its way to the store: it may be seen there before the store has answered. */
  #sent: string | null = null;
  /** The latest revision at which the record was seen not to be there. */
  #absentAt = 0;
  #lease: Lease | null = null;
  #beats = 0;
  #problem: Error | null = null;
  readonly #wake = new WakeUp();

  constructor(private readonly options: PresenceOptions) {}

  /** Why the record, or its heartbeat, could not be written last; null: it could. */
  get problem(): Error | null {
    return this.#problem;
  }

  update(record: AgentRecord): void {
    const text = agentCodec.format(record);
    if (text === this.#record) return;
    this.#record = text;
    this.#wake.call();
  }

  async keep(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#hold(signal), this.#watch(signal), this.#beat(signal)]);
  }

  async #hold(signal: AbortSignal): Promise<void> {
    let lease: Lease | null = null;
    for (let attempt = 0; !signal.aborted; ) {
      try {
        if (lease === null || lease.lost.aborted) {
          lease = await this.options.store.lease(this.options.ttlSeconds, { signal });
          this.#lease = lease;
          this.#written = null;
        }
        if (this.#record !== null && !this.#stands) this.#written = await this.#write(this.#record, lease, signal);
        attempt = 0;
        if (this.#record === null || this.#stands) await this.#wake.wait(lease.lost, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof StoreError && error.code === 'lease-lost') lease = null;
        await this.#pause(error, attempt++, signal);
      }
    }
  }

  get #stands(): boolean {
    return this.#written !== null && this.#record === this.#written.value && this.#absentAt <= this.#written.revision;
  }

  /**
   * Our own lease does not tell when the record goes all the same: a second agent with this node's name, on another machine
   * or out of the lock's reach, puts it under its lease, and takes it along when it ends.
   */
  async #watch(signal: AbortSignal): Promise<void> {
    const key = keys.agent(this.options.node);
    for await (const event of this.options.store.follow([key], signal)) {
      const seen = look(event, key);
      if (event.kind === 'stale' || seen === 'nothing') continue;
      if (seen === 'absent') {
        this.#absentAt = event.revision;
        this.#wake.call();
      } else if (this.#written && seen.modRevision > this.#written.revision && !this.#isOurs(seen.value))
        this.options.logger.warn(
          { key, revision: seen.modRevision },
          "this agent's record was overwritten: another agent runs with this node's name; stop it, or give it its own",
        );
    }
  }

  #isOurs(value: string): boolean {
    return value === this.#written?.value || value === this.#sent;
  }

  async #write(value: string, lease: Lease, signal: AbortSignal): Promise<Written> {
    this.#sent = value;
    const record = { kind: 'put', key: keys.agent(this.options.node), value, lease: lease.id } as const;
    const operations = [record, this.#heartbeat(lease)];
    const { revision } = await this.options.store.transact({ compare: [], operations }, { signal });
    this.#problem = null;
    return { value, revision };
  }

  /** While the record stands; whoever writes it anew writes a heartbeat with it. */
  async #beat(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.options;
    let attempt = 0;
    while (!signal.aborted) {
      if (attempt === 0) await clock.sleep(this.#periodMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const lease = this.#lease;
      if (lease === null || lease.lost.aborted || !this.#stands) {
        attempt = 0;
        continue;
      }
      try {
        await store.transact({ compare: [], operations: [this.#heartbeat(lease)] }, { signal });
        this.#problem = null;
        attempt = 0;
      } catch (error) {
        if (!signal.aborted) await this.#pause(error, attempt++, signal, 'heartbeat');
      }
    }
  }

  get #periodMs(): number {
    return (this.options.ttlSeconds * 1000) / beatsPerLease;
  }

  #heartbeat(lease: Lease): Operation {
    const value = heartbeatCodec.format({
      v: 1,
      beat: ++this.#beats,
      period_ms: this.#periodMs,
      at: Math.max(0, Math.round(this.options.clock.now())),
    });
    return { kind: 'put', key: keys.heartbeat(this.options.node), value, lease: lease.id };
  }

  async #pause(error: unknown, attempt: number, signal: AbortSignal, what = 'record'): Promise<void> {
    const { logger, clock, random, backoff } = this.options;
    this.#problem = error instanceof Error ? error : new Error(String(error), { cause: error });
    const cause = this.#problem.message;
    logger.warn({ cause, attempt }, `this agent's ${what} could not be written`);
    await clock.sleep(backoffDelay(backoff, attempt, random()), signal).catch(() => undefined);
  }
}

/** What an event says of a key. */
function look(event: FollowEvent, key: string): 'nothing' | 'absent' | KeyValue {
  if (event.kind === 'stale') return 'nothing';
  if (event.kind === 'snapshot') return event.entries.find((entry) => entry.key === key) ?? 'absent';
  const last = event.changes.findLast((change) => (change.kind === 'put' ? change.entry.key : change.key) === key);
  if (last === undefined) return 'nothing';
  return last.kind === 'put' ? last.entry : 'absent';
}
