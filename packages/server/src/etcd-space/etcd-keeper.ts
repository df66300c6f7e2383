import { keys } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import { type StoreCare, StoreError } from '@taas/store';
import { storeNearlyFull } from '../errors/neutron-error.js';
import type { LeaderTask } from '../leader/leader-task.js';
import { judgeSpace, type Space, type SpaceLimits } from './judge-space.js';
import { PastRevisions } from './past-revisions.js';

export interface EtcdKeeperDeps {
  readonly care: StoreCare;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: SpaceLimits;
  /** Between two polls, in ms. */
  readonly checkMs: number;
  /** How much history the leading server keeps, in ms; 0: etcd compacts itself. */
  readonly historyMs: number;
}

const minute = 60_000;
/** History that is older must have been compacted by somebody. */
const longAgoMs = 60 * minute;

/**
 * Watches how full etcd is, and keeps its history short on the leading server. etcd that is full refuses every write, of
 * networking-vpp and of the agents too; so tenants are refused before.
 */
export class EtcdKeeper {
  readonly #history: PastRevisions;
  readonly #longAgo = new PastRevisions(longAgoMs);
  #space: Space | null = null;
  #spaceProblem = 'not asked yet';
  #compacted: number | null = null;
  #compactProblem: string | null = null;
  #historyKept: boolean | null = null;

  constructor(private readonly deps: EtcdKeeperDeps) {
    this.#history = new PastRevisions(deps.historyMs);
  }

  /**
   * That etcd's space is not known refuses nobody: newer releases tell it to root alone, and the write budgets hold.
   * @throws NeutronError 503 when etcd has no room for more than deletions
   */
  readonly checkRoom = (): void => {
    if (this.#space !== null && this.#space.room !== 'ample') throw storeNearlyFull();
  };

  /** Looks at etcd again and again until the signal aborts. Never throws because of etcd. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      await this.deps.clock.sleep(this.deps.checkMs, signal).catch(() => undefined);
    }
  }

  /** Compacts while this server leads, if that is its work. */
  tasks(): readonly LeaderTask[] {
    if (this.deps.historyMs <= 0) return [];
    const begin: LeaderTask['begin'] = ({ signal }) => ({ run: () => this.compact(signal) });
    return [{ name: 'etcd: compact', everyMs: this.deps.checkMs, begin }];
  }

  /** What was last seen of etcd's room; null if nobody could look. */
  get space(): { readonly dbBytes: number; readonly quotaBytes: number } | null {
    return this.#space;
  }

  /** For /readyz. */
  facts(): Readonly<Record<string, unknown>> {
    const space = this.#space;
    return {
      etcd_space:
        space === null
          ? { room: 'unknown', problem: this.#spaceProblem }
          : {
              room: space.room,
              member: space.endpoint,
              db_bytes: space.dbBytes,
              in_use_bytes: space.inUseBytes,
              ...{ quota_bytes: space.quotaBytes, alarms: space.alarms },
              ...(space.advice === '' ? {} : { advice: space.advice }),
            },
      etcd_history: {
        compaction:
          this.deps.historyMs > 0 ? `by the leading server, after ${this.deps.historyMs / minute} min` : 'by etcd',
        ...(this.#compacted === null ? {} : { compacted_revision: this.#compacted }),
        ...(this.#compactProblem === null ? {} : { problem: this.#compactProblem }),
        ...(this.#historyKept === true ? { advice: keptAdvice } : {}),
      },
    };
  }

  /** One poll of space, alarms and history. */
  async look(signal: AbortSignal): Promise<void> {
    const { care, clock, limits, logger } = this.deps;
    const before = this.#space?.room ?? 'unknown';
    try {
      const members = await care.space({ signal });
      this.#space = judgeSpace(members, limits);
      const revision = members.reduce((latest, member) => Math.max(latest, member.revision), 0);
      this.#history.note(clock.monotonic(), revision);
      this.#longAgo.note(clock.monotonic(), revision);
    } catch (error) {
      if (signal.aborted) return;
      // What was known of a cluster that cannot be asked is still the best guess, but not when it says that we may not.
      if (error instanceof StoreError && error.code === 'denied') this.#space = null;
      this.#spaceProblem = messageOf(error);
    }
    const room = this.#space?.room ?? 'unknown';
    if (room !== before) {
      const line = { room, ...this.#space, ...(room === 'unknown' ? { problem: this.#spaceProblem } : {}) };
      if (room === 'ample') logger.info(line, 'etcd has room');
      else logger.warn(line, room === 'unknown' ? 'how full etcd is cannot be seen' : 'etcd is nearly full or full');
    }
    await this.#lookBack(signal);
  }

  /** Has etcd forget what is older than the history that is to be kept. */
  async compact(signal: AbortSignal): Promise<void> {
    const { care, clock, logger } = this.deps;
    const revision = this.#history.before(clock.monotonic());
    if (revision === null || revision <= (this.#compacted ?? 0)) return;
    try {
      await care.compact(revision, { signal });
      this.#compacted = revision;
      this.#compactProblem = null;
      logger.debug({ revision }, 'etcd compacted');
    } catch (error) {
      if (signal.aborted) return;
      const problem = messageOf(error);
      if (problem !== this.#compactProblem) logger.warn({ revision, problem }, `etcd not compacted: ${keptAdvice}`);
      this.#compactProblem = problem;
    }
  }

  /** Whether somebody compacts: what is an hour old, or at the start the very first revision, must be forgotten. */
  async #lookBack(signal: AbortSignal): Promise<void> {
    const { care, clock, logger, historyMs } = this.deps;
    if (historyMs > 0) return;
    try {
      const kept = !(await care.forgotten(keys.leader, this.#longAgo.before(clock.monotonic()) ?? 1, { signal }));
      if (kept && this.#historyKept !== true) logger.warn({}, keptAdvice);
      this.#historyKept = kept;
    } catch {
      // Seen again at the next poll; that etcd does not answer is said elsewhere.
    }
  }
}

const keptAdvice =
  "start etcd with --auto-compaction-mode=periodic --auto-compaction-retention=1h, or set etcd_space.history_minutes: etcd's history grows without end";

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
