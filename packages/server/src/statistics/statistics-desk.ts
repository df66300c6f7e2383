import { keys, RecordError, type StatisticsRecord, statisticsCodec, statisticsRequestCodec } from '@taas/model';
import type { Clock } from '@taas/service';
import type { KeyValue, LeaseId, Store } from '@taas/store';
import { tooManyRequests, unavailable } from '../errors/neutron-error.js';
import type { Dirty } from '../view/dirty.js';
import type { LiveView } from '../view/live-view.js';
import { believed, ownId } from '../view/record-value.js';
import { RequestLeases, requestMs } from './request-leases.js';
import { keyOf, type Silence, type TapPart, whyNotAsked } from './tap-parts.js';

export interface DeskLimits {
  /** Figures that are older are waited for, in ms. */
  readonly freshMs: number;
  /** How long at most, in ms. */
  readonly waitMs: number;
  /** Requests that may wait at a time, and those of one project. */
  readonly waiting: number;
  readonly waitingOfProject: number;
  /** Parts of taps on nodes that may be asked for at a time, and those of one project: each is written to etcd every 5 s. */
  readonly parts: number;
  readonly partsOfProject: number;
}

export const defaultDeskLimits: DeskLimits = {
  freshMs: 10_000,
  waitMs: 3_000,
  ...{ waiting: 64, waitingOfProject: 16 },
  ...{ parts: 2_048, partsOfProject: 512 },
};

export interface DeskDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly clock: Clock;
  readonly limits?: Partial<DeskLimits>;
}

/** What a node has said of a part. */
export interface Heard {
  readonly part: TapPart;
  /** Null if it has said nothing that can be read. */
  readonly record: StatisticsRecord | null;
  /** Whether the figures are of the last seconds, or the last that there will be. */
  readonly current: boolean;
  /** Why they are not. */
  readonly silence: Silence | null;
}

/** A part that somebody has asked for within the last half minute. */
interface Asked {
  readonly key: string;
  readonly part: TapPart;
  readonly project: string;
  askedAt: number;
  /** The lease that its request hangs on. */
  lease: LeaseId | null;
  /** Whether what stands in etcd is known. */
  read: boolean;
  revision: number;
  record: StatisticsRecord | null;
  unreadable: boolean;
  /** Monotonic, in ms, of the figures; null: not known to be of now. */
  countedAt: number | null;
  /** When it was seen to come; null: it was not. */
  cameAt: number | null;
  /** Answers in a row whose figures were old when they came. */
  old: number;
}

/** Calls to etcd of one request in progress at a time, and writes of one transaction. */
const atATime = 16;
/** Difference of clocks between an agent and us below which a record that we have not seen come may be of now, in ms. */
const mostAhead = 1_000;

/**
 * Asks nodes for figures and hears them. It keeps what was asked for within the last half minute alone; what agents write meanwhile
 * comes by the view, so that who looks again and again costs etcd nothing but the agents' own writes.
 */
export class StatisticsDesk {
  readonly #limits: DeskLimits;
  readonly #leases: RequestLeases;
  readonly #asked = new Map<string, Asked>();
  readonly #waiting = new Map<string, number>();
  readonly #wakers = new Set<() => void>();
  readonly #unsubscribe: () => void;

  constructor(private readonly deps: DeskDeps) {
    this.#limits = { ...defaultDeskLimits, ...deps.limits };
    this.#leases = new RequestLeases(deps.store, deps.clock);
    this.#unsubscribe = deps.live.subscribe((dirty) => this.#take(dirty));
  }

  /** Ends what was asked for. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#leases.stop();
  }

  /**
   * The figures of some parts: at once where those of the last 10 s are there, else after at most 3 s with what there is.
   * @returns what was heard up to when it is called
   * @throws NeutronError 429 or 503 when too much is asked for; StoreError; the signal's reason
   */
  async ask(parts: readonly TapPart[], project: string, signal: AbortSignal): Promise<() => readonly Heard[]> {
    signal.throwIfAborted();
    const most = this.#limits.partsOfProject;
    const asked = this.#enlist(parts.slice(0, most), project);
    if (!asked.every((each) => this.#isSettled(each)) || (await this.#anyToRequest(asked)))
      await this.#inLine(project, () => this.#hear(asked, signal));
    const cut = parts
      .slice(most)
      .map((part): Heard => ({ part, record: null, current: false, silence: 'too_many_nodes' }));
    return () => [...asked.map((each) => this.#heard(each)), ...cut];
  }

  /** Notes what is asked for, and forgets what nobody has asked for for long. */
  #enlist(parts: readonly TapPart[], project: string): readonly Asked[] {
    const now = this.deps.clock.monotonic();
    let ofProject = 0;
    for (const [key, each] of this.#asked) {
      if (now - each.askedAt > requestMs) this.#asked.delete(key);
      else if (each.project === project) ofProject += 1;
    }
    const fresh = parts.filter((part) => !this.#asked.has(keyOf(part))).length;
    if (ofProject + fresh > this.#limits.partsOfProject) throw tooManyRequests(requestMs);
    if (this.#asked.size + fresh > this.#limits.parts)
      throw unavailable('The statistics of too many taps are asked for at the moment: try again later.', {
        retryAfterMs: requestMs,
      });
    return parts.map((part) => {
      const key = keyOf(part);
      const known = this.#asked.get(key);
      const each = known ?? {
        key,
        part,
        project,
        askedAt: now,
        lease: null,
        read: false,
        revision: 0,
        ...{ record: null, unreadable: false, countedAt: null, cameAt: null, old: 0 },
      };
      each.askedAt = now;
      this.#asked.set(key, each);
      return each;
    });
  }

  async #inLine(project: string, work: () => Promise<void>): Promise<void> {
    const own = this.#waiting.get(project) ?? 0;
    const all = [...this.#waiting.values()].reduce((sum, each) => sum + each, 0);
    if (own >= this.#limits.waitingOfProject) throw tooManyRequests(this.#limits.waitMs);
    if (all >= this.#limits.waiting)
      throw unavailable('Too many requests wait for statistics: try again later.', {
        retryAfterMs: this.#limits.waitMs,
      });
    this.#waiting.set(project, own + 1);
    try {
      await work();
    } finally {
      const left = (this.#waiting.get(project) ?? 1) - 1;
      if (left > 0) this.#waiting.set(project, left);
      else this.#waiting.delete(project);
    }
  }

  async #hear(asked: readonly Asked[], signal: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    const end = clock.monotonic() + this.#limits.waitMs;
    await this.#request(asked, signal);
    for (;;) {
      await this.#read(asked, signal);
      const left = end - clock.monotonic();
      if (left <= 0 || asked.every((each) => this.#isSettled(each))) return;
      await this.#news(asked, left, signal);
    }
  }

  async #anyToRequest(asked: readonly Asked[]): Promise<boolean> {
    const able = asked.filter((each) => this.#isAble(each));
    if (able.length === 0) return false;
    const { id } = await this.#leases.current();
    return able.some((each) => each.lease !== id);
  }

  /** Writes the requests that do not hang on the lease of now. */
  async #request(asked: readonly Asked[], signal: AbortSignal): Promise<void> {
    const able = asked.filter((each) => this.#isAble(each));
    if (able.length === 0) return;
    const { id: lease } = await this.#leases.current();
    const missing = able.filter((each) => each.lease !== lease);
    for (const each of missing) each.lease = lease;
    const value = statisticsRequestCodec.format({ v: 1 });
    try {
      for (let at = 0; at < missing.length; at += atATime) {
        const operations = missing.slice(at, at + atATime).map(({ part: { node, kind, id } }) => {
          return { kind: 'put', key: keys.statisticsRequest(node, kind, id), value, lease } as const;
        });
        await this.deps.store.transact({ compare: [], operations }, { signal });
      }
    } catch (error) {
      for (const each of missing) if (each.lease === lease) each.lease = null;
      throw error;
    }
  }

  async #read(asked: readonly Asked[], signal: AbortSignal): Promise<void> {
    const unread = asked.filter((each) => !each.read);
    for (let at = 0; at < unread.length; at += atATime)
      await Promise.all(
        unread.slice(at, at + atATime).map(async (each) => {
          // What comes while the answer is on its way is newer: its revision says so.
          each.read = true;
          const found = await this.deps.store.get(each.key, { signal }).catch((error: unknown) => {
            each.read = false;
            throw error;
          });
          if (found && found.modRevision > each.revision) this.#note(each, found, null);
        }),
      );
  }

  /** Resolves when something was heard of one of the parts, or after `ms`. @throws the signal's reason */
  async #news(asked: readonly Asked[], ms: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const woken = new Error('something was heard');
    const wake = () => {
      if (asked.some((each) => !each.read) || asked.every((each) => this.#isSettled(each))) done.abort(woken);
    };
    const leave = () => done.abort(signal.reason);
    this.#wakers.add(wake);
    signal.addEventListener('abort', leave, { once: true });
    try {
      signal.throwIfAborted();
      wake();
      await this.deps.clock.sleep(ms, done.signal);
    } catch (error) {
      if (done.signal.reason !== woken) throw error;
    } finally {
      this.#wakers.delete(wake);
      signal.removeEventListener('abort', leave);
    }
  }

  #take(dirty: Dirty): void {
    if (this.#asked.size === 0) return;
    // Agents may have come or gone as well: who waits looks again.
    if (dirty.whole) for (const each of this.#asked.values()) each.read = false;
    for (const [key, kv] of dirty.statistics) {
      const each = this.#asked.get(key);
      if (!each) continue;
      if (kv === null) this.#forget(each);
      else if (kv.modRevision > each.revision) this.#note(each, kv, this.deps.clock.monotonic());
    }
    if (dirty.whole || dirty.statistics.size > 0 || dirty.agents.size > 0) for (const wake of [...this.#wakers]) wake();
  }

  #forget(each: Asked): void {
    each.record = null;
    each.unreadable = false;
    each.countedAt = null;
    each.cameAt = null;
  }

  /** @param cameAt monotonic; null for what stood in etcd already: then the agent's clock has to say how old it is */
  #note(each: Asked, kv: KeyValue, cameAt: number | null): void {
    const { clock } = this.deps;
    each.revision = kv.modRevision;
    this.#forget(each);
    each.cameAt = cameAt;
    try {
      each.record = ownId(each.part.id, kv.key, statisticsCodec.parse(kv.key, believed(kv)));
      const age = clock.now() - each.record.at;
      // It may be written long after its reading; how long, the agent says without a clock of the world.
      const came = cameAt === null ? null : cameAt - (each.record.age ?? 0);
      each.countedAt = came ?? (age >= -mostAhead ? clock.monotonic() - Math.max(0, age) : null);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      each.unreadable = true;
      each.countedAt = cameAt;
    }
    each.old = cameAt === null || this.#isCurrent(each) ? 0 : each.old + 1;
  }

  #isAble({ part }: Asked): boolean {
    return whyNotAsked(this.deps.live.view, part.node) === null;
  }

  #isCurrent({ record, countedAt }: Asked): boolean {
    if (record?.final) return true;
    return countedAt !== null && this.deps.clock.monotonic() - countedAt <= this.#limits.freshMs;
  }

  /** It has answered lately, with what it had. */
  #isAnswered({ cameAt, record }: Asked): boolean {
    return record !== null && cameAt !== null && this.deps.clock.monotonic() - cameAt <= this.#limits.freshMs;
  }

  /** Whether there is nothing to wait for. Who is asked for the first time may have something newer at once, and else reads seldom. */
  #isSettled(each: Asked): boolean {
    const isSlow = each.old > 1 && this.#isAnswered(each);
    return each.read && (!this.#isAble(each) || this.#isCurrent(each) || isSlow);
  }

  #heard(each: Asked): Heard {
    const { part, record, unreadable } = each;
    const current = record !== null && this.#isCurrent(each);
    const answer = unreadable ? 'record_unreadable' : this.#isAnswered(each) ? 'counted_before' : 'no_answer_yet';
    const silence = current ? null : (whyNotAsked(this.deps.live.view, part.node) ?? answer);
    return { part, record, current, silence };
  }
}
