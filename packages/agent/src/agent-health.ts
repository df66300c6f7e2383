import { type AgentRecord, ownMatters, reportNodes } from '@taas/model';
import type { ConfigWatch, FileWatch, Health } from '@taas/service';
import type { Trust } from '@taas/store';
import type { StandBy } from './lock/stand-by.js';
import type { Presence } from './presence/presence.js';
import type { Reconciler } from './reconcile/reconciler.js';
import type { WantedFollower } from './wanted/wanted-follower.js';

/** What is known of the files that the options name. */
export interface AgentFiles {
  readonly watch: FileWatch;
  readonly config: ConfigWatch;
}

export interface ReadinessFrom {
  readonly wanted: Pick<WantedFollower, 'complete' | 'stale' | 'problem'>;
  readonly reconciler: Pick<Reconciler, 'connected' | 'pending'>;
  readonly presence: Pick<Presence, 'problem'>;
  readonly standBy: Pick<StandBy, 'behind'>;
  readonly files: AgentFiles | undefined;
  readonly trust: Trust | undefined;
  /** What the agent says of itself, for who asks it and not the server. */
  readonly record: AgentRecord;
  readonly now: number;
}

/** Whether the agent can do its work, and what people may want to know of how it does it. */
export function agentReadiness({
  wanted,
  reconciler,
  presence,
  standBy,
  files,
  trust,
  record,
  now,
}: ReadinessFrom): Health {
  const isSeen = wanted.complete && !wanted.stale;
  const problem = wanted.problem ?? presence.problem;
  const onlooker = { now, version: record.agent_version, aheadMs: null, portMtu: null };
  return {
    ok: reconciler.connected && isSeen,
    details: {
      vpp: reconciler.connected,
      store: isSeen,
      waiting: reconciler.pending,
      ...(standBy.behind === null ? {} : { standing_by: standBy.behind }),
      ...(problem === null ? {} : { store_problem: problem.message }),
      ...(files
        ? {
            files: {
              refused: files.watch.refused,
              restart_for: files.config.restartFor,
              certificates: files.watch.certificates,
            },
          }
        : {}),
      nodes: reportNodes([record], () => onlooker, ownMatters),
      ...trust?.facts(),
    },
  };
}
