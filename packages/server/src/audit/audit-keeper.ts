import { auditCodec, auditExportedCodec, keys, parseKey, prefixes } from '@taas/model';
import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import { type Leadership, type Operation, type Store, StoreError } from '@taas/store';
import type { Sliced, Slices } from '../slices/slices.js';
import { expiryTime } from '../taps/terms/expiry-time.js';
import type { ClusterView } from '../view/cluster-view.js';
import { shelf } from '../view/shelf.js';
import type { AuditSink } from './audit-file.js';
import { type AuditLog, numbered } from './audit-log.js';
import type { Logged } from './audit-trail.js';
import { entryId } from './audited-store.js';

export interface AuditKeeping {
  /** How long etcd keeps entries, in days. */
  readonly days: number;
  /** Transactions that etcd keeps, whatever their age. */
  readonly records: number;
}

export interface AuditKeeperDeps {
  readonly store: Store;
  readonly log: AuditLog;
  readonly view: ClusterView;
  /** Null: etcd is the only place. */
  readonly sink: AuditSink | null;
  readonly keep: AuditKeeping;
  /** What is old is looked for in these. */
  readonly slices: Slices;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly newId: () => string;
}

const batch = 200;
export const pruneEveryMs = 2_000;
/** A look through the trail that takes longer is made in this share of the time, since a trail of many taps is long. */
const cheapMs = 100;
const lookShare = 0.05;
const dayMs = 24 * 3_600_000;
const retry: BackoffPolicy = { firstMs: 200, maxMs: 30_000 };
/** What could not be written to the file may be this many times as much before the oldest is given up. */
const hardFactor = 2;
/** Then so much of that goes at once: a word in the trail is about many records, and does not itself push out the next one. */
const givenUpAtOnce = 0.1;

/**
 * What the leader does about the audit trail: brings it from etcd into the file, says in etcd how far that has come (after
 * the file is safe on the disk, so that nothing is left out, and what was in flight comes twice, with the same id), and
 * takes away from etcd what is old.
 */
export class AuditKeeper {
  /** Why the file could not be written, last time; null if it could. */
  problem: string | null = null;
  /** Records given up before they were in a file: etcd was full of them. */
  lost = 0;
  /** On the monotonic clock. */
  #restsUntil = 0;

  constructor(private readonly deps: AuditKeeperDeps) {}

  /** Brings the trail into the file until the leadership ends. */
  async export(leadership: Leadership): Promise<void> {
    const { log, sink, clock, random, logger } = this.deps;
    const { signal } = leadership;
    if (!sink) return;
    let failures = 0;
    while (!signal.aborted) {
      const next = log.fresh ? log.trail.oldestUnexported(batch) : [];
      try {
        if (next.length === 0) {
          await this.#news(signal);
          continue;
        }
        await sink(next.flatMap(linesOf));
        await this.#exported(next.at(-1)?.revision ?? 0, leadership);
        if (failures > 0) logger.info({}, 'the audit trail can be written to its file again');
        failures = 0;
        this.problem = null;
      } catch (error) {
        if (signal.aborted) return;
        this.problem = error instanceof Error ? error.message : String(error);
        logger.error(
          { cause: error, unexported: log.trail.unexported },
          'the audit trail cannot be written to its file',
        );
        await clock.sleep(backoffDelay(retry, failures++, random()), signal).catch(() => undefined);
      }
    }
  }

  async #exported(revision: number, { fence, signal }: Leadership): Promise<void> {
    const { store, log } = this.deps;
    const value = auditExportedCodec.format({ v: 1, revision });
    const operations: Operation[] = [{ kind: 'put', key: keys.auditExported, value }];
    const { succeeded } = await store.transact({ compare: [fence], operations }, { signal });
    // By then another leads, and writes to its own file what it does not find marked here.
    if (succeeded) log.trail.setExported(Math.max(log.trail.exported, revision));
  }

  /** Resolves with the next change of the trail. */
  async #news(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const unsubscribe = this.deps.log.subscribe(() => done.abort());
    const onAbort = () => done.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.deps.clock.sleep(pruneEveryMs, done.signal).catch(() => undefined);
    } finally {
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Takes away what is old, as far as etcd lets it now. */
  async prune(leadership: Leadership): Promise<void> {
    try {
      await this.#prune(leadership);
    } catch (error) {
      if (leadership.signal.aborted) return;
      if (!(error instanceof StoreError)) throw error;
      this.deps.logger.warn({ cause: error }, 'old entries of the audit trail stay in etcd for now');
    }
  }

  async #prune({ fence, signal }: Leadership): Promise<void> {
    const { log, store, logger, clock, newId, slices } = this.deps;
    const began = clock.monotonic();
    if (!log.fresh || began < this.#restsUntil) return;
    const { goes, lost } = await slices.run('', this.#old());
    const took = clock.monotonic() - began;
    if (took > cheapMs) this.#restsUntil = began + took / lookShare;
    for (let from = 0; from < goes.length; from += batch / 2) {
      const some = goes.slice(from, from + batch / 2);
      const operations: Operation[] = some.map(({ key }) => ({ kind: 'delete', key }));
      const losses = some.filter((each) => lost.has(each.key)).length;
      if (losses > 0) {
        const detail = `${losses} records were given up before they could be written to a file`;
        const none = { user_id: null, project_id: null, request_id: null, tap: null } as const;
        const value = auditCodec.format({ v: 1, entries: [{ event: 'lost', at: clock.now(), ...none, detail }] });
        operations.push({ kind: 'put', key: keys.auditEntry(entryId(clock.now(), newId())), value });
      }
      const { succeeded } = await store.transact({ compare: [fence], operations }, { signal });
      if (!succeeded) return;
      this.lost += losses;
      if (losses > 0)
        logger.error({ records: losses }, 'AUDIT TRAIL: records were lost: the file could not be written');
    }
  }

  /** What is to go, and what of that is in no file. */
  *#old(): Sliced<{ readonly goes: readonly Logged[]; readonly lost: ReadonlySet<string> }> {
    const { sink, keep, clock } = this.deps;
    const { trail } = this.deps.log;
    const oldest = clock.now() - keep.days * dayMs;
    const goes: Logged[] = [];
    const lost = new Set<string>();
    let rest = trail.size;
    // What is kept as long as its tap takes no place of others.
    if (rest > keep.records)
      for (const { key } of trail.all()) {
        yield;
        if (this.#isOfTap(key)) rest -= 1;
      }
    const most = hardFactor * keep.records;
    const unsafeLeft = rest > most ? Math.floor(most * (1 - givenUpAtOnce)) : most;
    for (const each of trail.all()) {
      yield;
      const isOld = each.entries.every(({ at }) => at < oldest);
      const isTooMuch = rest > keep.records;
      if (!isOld && !isTooMuch) break;
      const isSafe = !sink || each.revision <= trail.exported;
      if (!isSafe && rest <= unsafeLeft) break;
      if (this.#isOfTap(each.key)) continue;
      if (!isSafe) lost.add(each.key);
      goes.push(each);
      rest -= 1;
    }
    return { goes, lost };
  }

  /** That a tap has begun stays known while there is the tap, and that it ends while it has that very end: by it nobody says so again. */
  #isOfTap(key: string): boolean {
    const [what, kind, id, end] = key.slice(prefixes.auditEntries.length).split('.');
    if ((what !== 'began' && what !== 'expiring') || !kind || !id) return false;
    const { view } = this.deps;
    const parsed = parseKey(`${prefixes.api}${kind}/${id}`);
    if (parsed.is !== 'resource') return false;
    const tap = shelf(view, parsed.kind).byId.get(id);
    if (what === 'began' || !tap) return tap !== undefined;
    return `${tap.record && expiryTime(view, tap.record)?.at}` === end;
  }
}

/** A record that nobody can read leaves a line that says so. */
function linesOf(logged: Logged) {
  if (logged.entries.length > 0) return numbered(logged);
  const none = { user_id: null, project_id: null, request_id: null, tap: null } as const;
  return numbered({ ...logged, entries: [{ event: 'lost', at: 0, ...none, detail: 'the record cannot be read' }] });
}
