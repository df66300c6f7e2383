import {
  keys,
  parseKey,
  prefixes,
  type ResourceKind,
  type StatisticsRecord,
  statisticsCodec,
  type TapState,
} from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import { News } from '@taas/service';
import type { Operation, Store } from '@taas/store';
import { WakeUp } from '../wake-up.js';
import { splitTapName, type TapName, tapName } from '../wanted/tap-ids.js';
import type { Counting } from './counting.js';

/** Between two writes of a tap's figures, at least. */
export const answerMs = 5_000;
/** As many taps are answered at once; of more, the rest have their turn next. */
export const mostAtOnce = 200;
/** Figures that do not change are written again after so long: a server takes what is older than ten seconds for old. */
const aliveMs = 8_000;
/** The last figures of a tap that has gone stay so long, if no server has taken them away. */
const finalMs = 3_600_000;
/** Records of one transaction. */
const batch = 32;

export interface AnswersOptions {
  readonly store: Store;
  readonly node: string;
  readonly counting: Pick<Counting, 'isSaved' | 'readAt' | 'record' | 'settle'>;
  /** Whether the tap's part on the node is over and still known of, or that cannot be told. */
  readonly isEnding: (tap: TapName) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Written {
  /** Without the time. */
  readonly text: string;
  /** On the monotonic clock. */
  readonly at: number;
  readonly final: boolean;
  /** Of which reading it is, as `Counting` says, and when that was on the monotonic clock. */
  readonly readAt: number;
  readonly countedAt: number;
  /** Its last figures are written, and its stay is not known to be over: nothing is written over them. */
  ended: boolean;
}

/** Writes the figures of those taps that somebody asks for, as long as they ask, and the last ones of those that go. */
export class Answers {
  #requests = new Set<TapName>();
  #written: Map<TapName, Written> | null = null;
  /** In the order in which they have their turn. */
  #turns: TapName[] = [];
  /** One writes at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #wake = new WakeUp();
  readonly #news = new News();

  constructor(private readonly options: AnswersOptions) {}

  /** All that is asked for now. */
  asked(requests: ReadonlySet<TapName>): void {
    this.#requests = new Set(requests);
    this.#wake.call();
  }

  /** Records of taps have changed: one that has gone, or is wanted anew, has figures again. */
  recordsChanged(): void {
    for (const [tap, entry] of this.#written ?? []) entry.ended &&= this.options.isEnding(tap);
  }

  async keep(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.options;
    while (!signal.aborted) {
      try {
        await this.answer(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#written = null;
        const cause = error instanceof Error ? error.message : String(error);
        if (this.#news.isNew('answers', cause)) logger.warn({ cause }, 'figures could not be written');
      }
      const timer = new AbortController();
      const timed = clock.sleep(1_000, timer.signal).then(
        () => this.#wake.call(),
        () => undefined,
      );
      await this.#wake.wait(signal);
      timer.abort();
      await timed;
    }
  }

  /** One turn. @throws StoreError */
  answer(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#answer(signal));
  }

  async #answer(signal: AbortSignal): Promise<void> {
    if (this.#requests.size === 0 && this.#written?.size === 0) return;
    const written = await this.#load(signal);
    const now = this.options.clock.monotonic();
    const [operations, after] = [[] as Operation[], new Map<TapName, Written | null>()];
    for (const [tap, { final, at }] of written) {
      if (this.#requests.has(tap) || (final && now - at < finalMs)) continue;
      operations.push({ kind: 'delete', key: this.#key(tap) });
      after.set(tap, null);
    }
    for (const tap of this.#due(written, now)) {
      const record = written.get(tap)?.ended ? null : this.#record(tap);
      if (!record) continue;
      const text = withoutTime(record);
      const before = written.get(tap);
      if (before?.text === text && now - before.at < aliveMs && !this.#isOutdated(before, now)) continue;
      operations.push({ kind: 'put', key: this.#key(tap), value: statisticsCodec.format(record) });
      const { readAt } = this.options.counting;
      after.set(tap, { text, at: now, final: false, readAt, countedAt: now - (record.age ?? 0), ended: false });
    }
    await this.#send(operations, signal);
    for (const [tap, entry] of after)
      if (entry) written.set(tap, entry);
      else written.delete(tap);
  }

  /** The last figures of taps that have gone; before that is said of them. What fails is logged: nobody waits for figures. */
  last(taps: readonly { readonly kind: ResourceKind; readonly id: string }[], signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#last(taps, signal));
  }

  async #last(
    taps: readonly { readonly kind: ResourceKind; readonly id: string }[],
    signal: AbortSignal,
  ): Promise<void> {
    const { counting, clock, isEnding } = this.options;
    try {
      const written = await this.#load(signal);
      const now = clock.monotonic();
      const open = taps.filter(({ kind, id }) => written.get(tapName(kind, id))?.ended !== true);
      const records = open.flatMap(({ kind, id }) => {
        const record = counting.record(kind, id, true);
        return record ? [[kind, record] as const] : [];
      });
      await this.#send(
        records.map(([kind, record]) => ({
          ...{ kind: 'put', key: this.#key(tapName(kind, record.id)), value: statisticsCodec.format(record) },
        })),
        signal,
      );
      for (const [kind, record] of records) {
        const tap = tapName(kind, record.id);
        written.set(tap, { text: withoutTime(record), ...lastAt(now), ended: isEnding(tap) });
      }
      await counting.settle(records);
    } catch (error) {
      // Some of it may have been stored: what has been is seen when it is read again.
      this.#written = null;
      if (signal.aborted) return;
      const cause = error instanceof Error ? error.message : String(error);
      this.options.logger.warn({ cause }, 'the last figures of taps could not be written');
    }
  }

  /** What has become of the last figures of a tap that is REMOVED; null: they may not be stored, or nobody could count. */
  lastOf({ kind, id }: { readonly kind: ResourceKind; readonly id: string }): TapState['figures'] | null {
    if (this.#written === null) return null;
    if (this.#written.get(tapName(kind, id))?.final) return 'told';
    const { counting } = this.options;
    return counting.readAt !== 0 && counting.record(kind, id, true) === null ? 'none' : null;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** A server would soon take these figures for old, and there are newer ones that say the same. */
  #isOutdated({ readAt, countedAt }: Written, now: number): boolean {
    return now - countedAt >= aliveMs && readAt !== this.options.counting.readAt;
  }

  /** Whose turn it is: at most so many, those first that have waited longest. */
  #due(written: ReadonlyMap<TapName, Written>, now: number): TapName[] {
    const waiting = new Set(this.#turns);
    this.#turns = [
      ...this.#turns.filter((tap) => this.#requests.has(tap)),
      ...[...this.#requests].filter((tap) => !waiting.has(tap)),
    ];
    const due = this.#turns
      .filter((tap) => {
        const before = written.get(tap);
        if (!before || before.final || now - before.at >= answerMs) return true;
        // It was old already when it was written: what is read because somebody asks is not kept from them.
        return before.at - before.countedAt > answerMs && before.readAt !== this.options.counting.readAt;
      })
      .slice(0, mostAtOnce);
    const chosen = new Set(due);
    this.#turns = [...this.#turns.filter((tap) => !chosen.has(tap)), ...due];
    return due;
  }

  /** Null also for a tap that is told of in a later turn. */
  #record(tap: TapName): StatisticsRecord | null {
    const { counting } = this.options;
    const { kind, id } = splitTapName(tap);
    return counting.isSaved(kind, id) ? counting.record(kind, id, false) : null;
  }

  #key(tap: TapName): string {
    const [kind, id = ''] = tap.split('/');
    return keys.statistics(this.options.node, kind as ResourceKind, id);
  }

  /** What stands in the store, of this run of the agent or of one before. */
  async #load(signal: AbortSignal): Promise<Map<TapName, Written>> {
    if (this.#written) return this.#written;
    const { node, store, counting, clock, isEnding } = this.options;
    const now = clock.monotonic();
    const finals: (readonly [ResourceKind, StatisticsRecord])[] = [];
    const { entries } = await store.list(`${prefixes.stateTaas(node)}statistics/`, { signal });
    const found = new Map<TapName, Written>();
    for (const { key, value } of entries) {
      const parsed = parseKey(key);
      if (parsed.is !== 'statistics') continue;
      const record = parsedRecord(key, value);
      const tap = tapName(parsed.kind, parsed.id);
      if (record?.final) finals.push([parsed.kind, record]);
      // How old it is nobody knows, since clocks may have been set: figures are due at once, last ones stay for as long from now.
      found.set(
        tap,
        record?.final
          ? { text: withoutTime(record), ...lastAt(now), ended: isEnding(tap) }
          : { text: '', ...lastAt(Number.NEGATIVE_INFINITY), final: false, ended: false },
      );
    }
    await counting.settle(finals);
    this.#written = found;
    return found;
  }

  async #send(operations: readonly Operation[], signal: AbortSignal): Promise<void> {
    for (let n = 0; n < operations.length; n += batch)
      await this.options.store.transact({ compare: [], operations: operations.slice(n, n + batch) }, { signal });
  }
}

const lastAt = (at: number) => ({ at, countedAt: at, readAt: 0, final: true });

function parsedRecord(key: string, value: string): StatisticsRecord | null {
  try {
    return statisticsCodec.parse(key, value);
  } catch {
    return null; // Spoilt by somebody: written anew, or taken away.
  }
}

const withoutTime = ({ age: _, ...record }: StatisticsRecord): string => statisticsCodec.format({ ...record, at: 0 });
