import type { Clock, Logger } from '@taas/service';
import type { Store } from '@taas/store';
import type { RemoteAddressPolicy } from '../addresses/remote-address-policy.js';
import { Behalves } from '../auth/actor.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import { Contained } from '../errors/contained.js';
import { type LeaderTask, lastingTask } from '../leader/leader-task.js';
import type { Slices } from '../slices/slices.js';
import { Placements } from '../status/placements.js';
import type { LiveView } from '../view/live-view.js';
import { type AuditSink, fileSink, streamSink } from './audit-file.js';
import { AuditKeeper, pruneEveryMs } from './audit-keeper.js';
import { AuditLog } from './audit-log.js';
import type { AuditConfig } from './audit-options.js';
import { auditedStore, checkOpen } from './audited-store.js';
import { BeganLog, beganEveryMs } from './began-log.js';
import { Refusals } from './refusals.js';

export interface AuditDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly newId: () => string;
  readonly contained?: Contained;
  readonly slices: Slices;
}

/** With `audit.required`: records that may wait for the file before nothing can be changed any more. */
export const mostUnexported = 500;

/** The audit trail of one server, put together. */
export interface Audit {
  /** Writes the trail along with every change of a tap. */
  readonly store: Store;
  readonly log: AuditLog;
  readonly refusals: Refusals;
  readonly behalves: Behalves;
  /** Throws why nothing may be made or changed now. */
  checkOpen(): void;
  /** Follows the trail until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** What the leader does: the file, what is old, and when taps began. */
  tasks(policy: SegmentPolicy, addresses: RemoteAddressPolicy): readonly LeaderTask[];
  /** Tells the last counts; call it while the store is still there. */
  stop(): Promise<void>;
  /** For /readyz. */
  facts(): Readonly<Record<string, unknown>>;
}

export function createAudit(options: AuditConfig, deps: AuditDeps): Audit {
  const { store, live, clock, logger, random, newId, slices } = deps;
  const behalves = new Behalves();
  const log = new AuditLog(store, logger, slices);
  const sink = sinkOf(options.file);
  const keep = { days: options.keep_days, records: options.keep_records };
  const keeper = new AuditKeeper({ store, log, view: live.view, sink, keep, clock, random, logger, newId, slices });
  const refusals = new Refusals({ store, clock, newId, logger });
  const blocked = () => (options.required && sink ? whyBlocked(log) : null);
  return {
    store: auditedStore({ store, view: live.view, behalves, clock, newId, blocked }),
    ...{ log, refusals, behalves, checkOpen: () => checkOpen({ blocked }) },
    run: async (signal) => {
      if (!sink)
        logger.warn({}, 'audit.file is not set: the audit trail is in etcd alone, and goes from there in time');
      await Promise.all([log.run(signal), refusals.run(signal)]);
    },
    tasks: (policy, addresses) => [
      lastingTask('audit: export', (leadership) => keeper.export(leadership)),
      {
        name: 'audit: prune',
        everyMs: pruneEveryMs,
        begin: (leadership) => ({ run: () => keeper.prune(leadership) }),
      },
      {
        name: 'audit: taps that have begun',
        everyMs: beganEveryMs,
        begin: (leadership) => {
          const contained = deps.contained ?? new Contained(logger);
          const placements = new Placements(live.view, policy);
          const mirrorRules = { addresses, projectShare: policy.projectShare };
          const began = new BeganLog({ store, live, log, placements, mirrorRules, slices, clock, logger, contained });
          const end = live.subscribe((dirty) => {
            placements.forget(dirty);
            began.take(dirty);
          });
          return { run: () => began.round(leadership), end };
        },
      },
    ],
    stop: () => refusals.tellCounts(),
    facts: () => ({
      etcd: log.fresh ? 'in sight' : 'out of sight',
      records: log.trail.size,
      file: options.file,
      ...(sink ? { unexported: log.trail.unexported } : {}),
      ...(keeper.problem === null ? {} : { problem: keeper.problem }),
      lost_records: keeper.lost,
      lost_refusals: refusals.lost,
      ...(blocked() === null ? {} : { blocked: blocked() }),
    }),
  };
}

function sinkOf(file: string): AuditSink | null {
  if (file === '') return null;
  return file === '-' ? streamSink(process.stdout) : fileSink(file);
}

function whyBlocked(log: AuditLog): string | null {
  if (!log.fresh) return 'the audit trail cannot be seen.';
  const waiting = log.trail.unexported;
  return waiting > mostUnexported ? 'the audit trail cannot be written to its file, and is required.' : null;
}
