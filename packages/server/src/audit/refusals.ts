import { type AuditEntry, auditCodec, keys } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import type { Store } from '@taas/store';
import { entryId } from './audited-store.js';

export interface RefusalsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
}

/** A refused request, as the trail is to have it. */
export type Refusal = Omit<AuditEntry, 'event' | 'at' | 'count'>;

/** Refusals of one project that are told one by one: so many at once, and so many a second for ever. */
const burst = 60;
const perSecond = 0.5;
/** Projects of which this is counted; those after them share one count. */
const mostProjects = 1_000;
const mostWaiting = 200;
const perRecord = 50;
const roundMs = 60_000;

interface Budget {
  tokens: number;
  at: number;
  /** Refusals that were not told one by one, since the last round. */
  uncounted: number;
}

/**
 * Brings refused requests into the trail, bounded: beyond a project's budget, and for those whom nobody knows, once a minute
 * with a number. One transaction is in progress at a time, and takes along what has gathered.
 */
export class Refusals {
  /** Refusals that etcd has not taken; told in the trail as soon as it takes anything. */
  lost = 0;
  #publishedLost = 0;
  readonly #budgets = new Map<string, Budget>();
  #strangers = 0;
  #waiting: { readonly entry: AuditEntry; readonly done: () => void }[] = [];
  #writing: Promise<void> | null = null;

  constructor(private readonly deps: RefusalsDeps) {}

  /** Resolves when the refusal is in etcd, was counted, or is lost; the last is logged. Never throws. */
  async known(refusal: Refusal): Promise<void> {
    const budget = this.#budget(refusal.project_id ?? '');
    if (budget.tokens < 1 || this.#waiting.length >= mostWaiting) {
      budget.uncounted += 1;
      return;
    }
    budget.tokens -= 1;
    await this.#add({ event: 'refused', at: this.deps.clock.now(), ...refusal });
  }

  /** Somebody without a token that is good. */
  stranger(): void {
    this.#strangers += 1;
  }

  /** Tells the counts, each minute; and at the end once more. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.deps.clock.sleep(roundMs, signal).catch(() => undefined);
      await this.tellCounts();
    }
  }

  async tellCounts(): Promise<void> {
    const published: Promise<void>[] = [];
    const say = (project_id: string | null, count: number, detail: string, status?: number) =>
      published.push(
        this.#add({
          event: 'refused',
          at: this.deps.clock.now(),
          user_id: null,
          project_id,
          request_id: null,
          tap: null,
          ...{ detail, count, ...(status === undefined ? {} : { status }) },
        }),
      );
    if (this.#strangers > 0) say(null, this.#strangers, 'requests without a token that is good', 401);
    this.#strangers = 0;
    for (const [project, budget] of this.#budgets) {
      if (budget.uncounted > 0)
        say(project, budget.uncounted, 'more refused requests of the project than are told one by one');
      budget.uncounted = 0;
      if (this.#refilled(budget).tokens >= burst) this.#budgets.delete(project);
    }
    await Promise.all(published);
  }

  #add(entry: AuditEntry): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ entry, done });
      this.#writing ??= this.#write().finally(() => {
        this.#writing = null;
      });
    });
  }

  async #write(): Promise<void> {
    const { store, clock, newId, logger } = this.deps;
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, perRecord);
      const entries = some.map(({ entry }) => entry);
      const unpublished = this.lost - this.#publishedLost;
      if (unpublished > 0) entries.push(this.#lostEntry(unpublished));
      const now = clock.now();
      const key = keys.auditEntry(entryId(now, newId()));
      try {
        const value = auditCodec.format({ v: 1, entries });
        await store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
        this.#publishedLost += unpublished;
      } catch (error) {
        this.lost += some.length;
        logger.error(
          { cause: error, refusals: some.length },
          'AUDIT TRAIL: refused requests are lost: etcd did not take them',
        );
      }
      for (const { done } of some) done();
    }
  }

  #lostEntry(count: number): AuditEntry {
    return {
      event: 'lost',
      at: this.deps.clock.now(),
      user_id: null,
      project_id: null,
      request_id: null,
      tap: null,
      ...{ detail: 'refused requests that etcd did not take', count },
    };
  }

  #budget(project: string): Budget {
    const name = this.#budgets.has(project) || this.#budgets.size < mostProjects ? project : '';
    const budget = this.#budgets.get(name) ?? { tokens: burst, at: this.deps.clock.monotonic(), uncounted: 0 };
    this.#budgets.set(name, budget);
    return this.#refilled(budget);
  }

  #refilled(budget: Budget): Budget {
    const now = this.deps.clock.monotonic();
    budget.tokens = Math.min(burst, budget.tokens + ((now - budget.at) / 1_000) * perSecond);
    budget.at = now;
    return budget;
  }
}
