import { type NodeMatter, ownMatters } from '@taas/model';
import { isObject } from '../api/taas-api.js';
import type { DoctorFacts } from './facts.js';
import { type Check, type Finding, ok, problem, unknown } from './finding.js';
import { both, type Ready } from './program-answers.js';

interface Matter {
  readonly id: string;
  readonly about: NodeMatter;
  readonly title: string;
  readonly mend: string;
}

/** What is asked of each node: a server tells it of all, an agent of its own. */
const matters = [
  {
    id: 'TAAS-D500',
    about: 'vpp',
    title: 'the VPP of each node is connected to its agent',
    mend: 'systemctl status vpp on the node; vpp.api_socket of its agent',
  },
  {
    id: 'TAAS-D501',
    about: 'plugins',
    title: 'the VPP of each node has what taps need',
    mend: 'plugins { plugin NAME_plugin.so { enable } } in startup.conf of VPP on the node: vppctl show plugins',
  },
  {
    id: 'TAAS-D502',
    about: 'counters',
    title: "each agent reads VPP's statistics segment",
    mend: 'vpp.stats_socket and vpp.procdir of the agent: docs/decisions/0040-counters.md',
  },
  {
    id: 'TAAS-D503',
    about: 'uplinks',
    title: 'the uplinks of each node carry copies',
    mend: 'vppctl set interface state INTERFACE up on the node; physnets of its agent',
  },
  {
    id: 'TAAS-D504',
    about: 'flat_networks',
    title: 'no uplink for copies is in a flat network',
    mend: 'take the flat network off that uplink, or give copies a physnet of their own: docs/how-to/isolation-of-copies.md',
  },
  {
    id: 'TAAS-D505',
    about: 'mtu',
    title: 'the uplinks of each node take what tapped ports send',
    mend: 'vppctl set interface mtu N INTERFACE on the node, and as much on the switches between nodes',
  },
  {
    id: 'TAAS-D506',
    about: 'certificates',
    title: "each agent's certificates are good for a while",
    mend: 'renew it, and put it in the place of the file; the agent takes it over',
  },
  {
    id: 'TAAS-D507',
    about: 'clock',
    title: 'the clocks of nodes agree with those of servers',
    mend: "chronyc tracking, on the node and on the server's host",
  },
  {
    id: 'TAAS-D508',
    about: 'release',
    title: 'each agent is of the release of the servers',
    mend: 'upgrade agents after servers: docs/how-to/run-it.md',
  },
] as const satisfies readonly Matter[];

export const nodeChecks: readonly Check<DoctorFacts>[] = matters.map((matter) => ({
  id: matter.id,
  title: matter.title,
  run: (facts) =>
    both(facts).flatMap(([about, { ready, url }]) => {
      const isAgent = about.startsWith('agent ');
      if (isAgent && !ownMatters.some((own) => own === matter.about)) return [];
      return ready.known
        ? judge(about, ready.value, matter, facts.node)
        : [unknown(about, ready.why, `curl ${url}/readyz`)];
    }),
}));

/** @param node the one that is asked about, or null */
function judge(about: string, ready: Ready, { about: name, mend }: Matter, node: string | null): Finding[] {
  const { nodes } = ready;
  const untold = isObject(nodes) && isObject(nodes['untold']) ? nodes['untold'][name] : undefined;
  if (!isObject(nodes) || !Array.isArray(nodes['problems']) || !Array.isArray(untold))
    return [unknown(about, '/readyz does not say', mend)];
  const concerns = (each: string) => node === null || each === node;
  const found = nodes['problems']
    .filter(isObject)
    .filter((each) => each['about'] === name && concerns(String(each['node'])))
    .map((each) => problem(`node ${each['node']}`, String(each['problem']), mend));
  const silent = untold.map(String).filter(concerns);
  if (silent.length > 0)
    found.push(
      unknown(about, `it cannot be told of ${silent.slice(0, 5).join(', ')}${silent.length > 5 ? ', ...' : ''}`, mend),
    );
  if (nodes['more'] === true)
    found.push(unknown(about, 'there are more problems than it says', 'mend those that it says'));
  if (nodes['examined'] === 0)
    found.push(unknown(about, 'no agent is there', 'systemctl status taas-agent on the nodes'));
  if (found.length > 0) return found;
  return [ok(about, `${nodes['examined']} nodes were looked at`)];
}
