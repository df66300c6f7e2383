import type { DoctorFacts } from './facts.js';
import { type Check, ok, problem, unknown } from './finding.js';
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
] as const satisfies readonly Check<DoctorFacts>[];
