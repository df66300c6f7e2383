import { commonFormat, type FormatReader } from '@taas/model';
import type { Health } from '@taas/service';
import type { Trust } from '@taas/store';
import type { Authenticator } from '../auth/authenticator.js';
import type { OpenFiles } from '../server-files.js';
import type { NodeLook } from '../status/node-look.js';
import type { LeaderParts } from './leader-parts.js';
import type { SharedParts } from './shared-parts.js';

export interface HealthParts {
  readonly shared: SharedParts;
  readonly leader: LeaderParts;
  readonly authenticator: Authenticator;
  readonly nodes: NodeLook;
  readonly files: OpenFiles;
  readonly trust: Trust | undefined;
}

/** How long a list on the health page may be. */
const most = 100;

/** The process is not stuck. */
export function healthz({ authenticator }: HealthParts, failed: AbortSignal): Health {
  return { ok: !failed.aborted, details: warningOf(authenticator) };
}

/** Whether the server can do its job, and all that people may want to know of how it does it. */
export function readyz(parts: HealthParts, { leading, stopping }: { leading: boolean; stopping: boolean }): Health {
  const { shared, leader, authenticator, nodes, files, trust } = parts;
  const { live, audit, contained } = shared;
  const { compiler, moves, ports, etcdSpace, physnets, receipts } = leader;
  const { view } = live;
  return {
    ok: live.fresh && !stopping,
    details: {
      etcd: live.fresh ? 'in sight' : 'out of sight',
      revision: view.revision,
      role: leading ? 'leader' : 'follower',
      compiler: { backlog: compiler.backlog, ...compiler.stats },
      moves: { ...moves.stats },
      agents: { there: view.agents.size, silent: [...view.silent.keys()].slice(0, most) },
      malformed: view.problems.size,
      malformed_records: [...view.problems].slice(0, most).map(([key, problem]) => ({ key, problem })),
      tunnel_addresses_contested: view.underlay.contested.slice(0, most),
      audit: audit.facts(),
      ...contained.facts(),
      ...ports.facts(),
      ...(live.problem === null ? {} : { etcd_problem: live.problem.message }),
      ...nodes.facts(),
      files: {
        refused: files.watch.refused,
        restart_for: files.config.restartFor,
        certificates: files.watch.certificates,
      },
      ...trust?.facts(),
      ...etcdSpace?.facts(),
      ...physnets.facts(),
      ...receipts.facts(),
      formats: { servers: formatOf(view.servers), agents: formatOf(view.agents, view.silent) },
      ...warningOf(authenticator),
    },
  };
}

const warningOf = ({ warning }: Authenticator) => (warning === null ? {} : { warning });

/** The newest format of records that all of them read; whose own record cannot be read counts as who has said nothing. */
function formatOf(...readers: readonly ReadonlyMap<string, { readonly record: FormatReader | null }>[]): number {
  return commonFormat(readers.flatMap((each) => [...each.values()].map(({ record }) => record ?? {})));
}
