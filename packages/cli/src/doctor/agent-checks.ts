import type { DoctorFacts, ProgramFacts } from './facts.js';
import { type Check, type Finding, ok, problem, unknown } from './finding.js';
import { decide, falls, isReady, ofAgents } from './program-answers.js';
import { sumOf } from './prometheus.js';

/** What /readyz and /metrics of an agent tell. */
export const agentChecks = [
  {
    id: 'TAAS-D200',
    title: 'the agent is ready',
    run: (facts) => ofAgents(facts, (about, ready) => isReady(about, ready, 'journalctl -u taas-agent')),
  },
  {
    id: 'TAAS-D201',
    title: 'the agent is connected to VPP',
    run: (facts) =>
      ofAgents(facts, (about, { vpp }) =>
        decide(about, vpp, 'boolean', (is) => is, "systemctl status vpp; the agent's vpp.api_socket"),
      ),
  },
  {
    id: 'TAAS-D202',
    title: 'the agent sees etcd',
    run: (facts) =>
      ofAgents(facts, (about, { store }) =>
        decide(about, store, 'boolean', (is) => is, "etcdctl endpoint health; the agent's etcd.endpoints"),
      ),
  },
  {
    id: 'TAAS-D203',
    title: 'the agent keeps up',
    run: (facts) =>
      facts.agents.map((each) =>
        falls(`agent ${each.url}`, each, 'taas_agent_pending_taps', 'journalctl -u taas-agent'),
      ),
  },
  {
    id: 'TAAS-D204',
    title: 'the agent has the node to itself',
    run: (facts) =>
      ofAgents(facts, (about, { standing_by, vpp }) => {
        const mend = 'stop the other agent: docs/decisions/0019-one-agent-a-node.md';
        if (vpp === undefined) return unknown(about, '/readyz does not say', mend);
        return standing_by === undefined
          ? ok(about, 'it does not stand by')
          : problem(about, `it stands by behind ${JSON.stringify(standing_by)}`, mend);
      }),
  },
  {
    id: 'TAAS-D205',
    title: 'nobody changes our wiring in VPP',
    run: ({ agents }) =>
      agents.map((each) => {
        const [about, mend] = [`agent ${each.url}`, 'journalctl -u taas-agent says what is undone'];
        const undone = each.metrics.known ? sumOf(each.metrics.value, 'taas_agent_undone_total') : null;
        if (undone === null)
          return unknown(about, each.metrics.known ? 'no taas_agent_undone_total' : each.metrics.why, mend);
        return undone === 0
          ? ok(about, 'nothing was undone')
          : problem(about, `${undone} times since the agent's start`, mend);
      }),
  },
  {
    id: 'TAAS-D206',
    title: 'VPP has buffers for packets left',
    run: ({ agents }) =>
      agents.map((each) =>
        left(
          each,
          ['taas_vpp_buffers_available', 'taas_vpp_buffers_used'],
          'buffers',
          'buffers { buffers-per-numa N } in startup.conf of VPP, and restart it; see who holds them: vppctl show buffers',
        ),
      ),
  },
  {
    id: 'TAAS-D207',
    title: "VPP's statistics segment has memory left",
    run: ({ agents }) =>
      agents.map((each) =>
        left(
          each,
          ['taas_vpp_stats_segment_free_bytes', 'taas_vpp_stats_segment_used_bytes'],
          'bytes',
          'statseg { size N } in startup.conf of VPP, and restart it',
        ),
      ),
  },
] as const satisfies readonly Check<DoctorFacts>[];

/** As the shipped alerts have it. */
const leastShare = 0.1;

/** @param names of the metrics of what is left, and of what is used */
function left({ url, metrics }: ProgramFacts, names: readonly [string, string], what: string, mend: string): Finding {
  const about = `agent ${url}`;
  const [free, used] = names.map((name) => (metrics.known ? sumOf(metrics.value, name) : null));
  if (free == null || used == null || free + used === 0)
    return unknown(about, metrics.known ? `no ${names[0]}: is VPP's statistics segment read?` : metrics.why, mend);
  const said = `${free} of ${free + used} ${what} are left`;
  return free / (free + used) < leastShare ? problem(about, said, mend) : ok(about, said);
}
