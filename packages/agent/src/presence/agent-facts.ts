import { type AgentFacts, asLine, isName } from '@taas/model';
import type { CertificateEnd } from '@taas/service';
import { type ActualView, findUplink, type NodeFacts, uplinkOf } from '@taas/wiring';
import type { AgentConfig } from '../config.js';
import type { BuffersSeen } from '../statistics/buffers-seen.js';
import type { LastingMethod } from '../statistics/counter-source.js';
import { physnetNames } from './physnets.js';

export interface FactsFrom {
  readonly config: Pick<AgentConfig, 'physnets' | 'budget'>;
  /** Null while VPP is not connected: nothing is known of its interfaces then. */
  readonly actual: ActualView | null;
  readonly facts: Pick<NodeFacts, 'uplinks'>;
  readonly counters: LastingMethod;
  /** Null: VPP's statistics segment has not been read. */
  readonly buffers: BuffersSeen | null;
  /** Why VPP was refused; null: it was not. */
  readonly vppLacks: string | null;
  readonly certificates: readonly CertificateEnd[];
}

/** As many as an agent's record may have of each. */
const most = { uplinks: 1024, certificates: 64 };

/** What those who look for what is wrong should know of this node. Pure. */
export function agentFacts(from: FactsFrom): AgentFacts {
  const { config, actual, counters, buffers, vppLacks, certificates } = from;
  const { flow, node } = config.budget;
  const tunnel = actual && tunnelMtu(actual);
  return {
    ...(counters.method === null || actual === null ? {} : { counters: counters.method }),
    ...(counters.problem === null || actual === null ? {} : { counters_problem: asLine(counters.problem) }),
    ...(vppLacks === null ? {} : { vpp_lacks: asLine(vppLacks) }),
    uplinks: actual === null ? [] : uplinks(from, actual),
    ...(tunnel ? { tunnel_mtu: tunnel } : {}),
    ...(buffers === null || actual === null ? {} : { buffers: { all: buffers.all, peak_tenths: buffers.peakTenths } }),
    budget: { flow, node },
    certificates: certificates
      .slice(0, most.certificates)
      .map(({ what, ends }) => ({ what: asLine(what), ends: new Date(ends).toISOString() })),
  };
}

function uplinks({ config, facts }: FactsFrom, actual: ActualView): AgentFacts['uplinks'] {
  const names = [...physnetNames(config, actual)].filter(isName).sort().slice(0, most.uplinks);
  return names.map((physnet) => {
    const uplink = uplinkOf(physnet, actual, facts).value;
    const { blocker } = findUplink(physnet, actual, facts);
    const problem =
      blocker?.reason ??
      (uplink?.linkUp === false ? `the uplink ${uplink.name} of physnet ${physnet} has no link` : null);
    const mtu = uplink?.mtu?.packet ?? 0;
    return { physnet, ...(problem === null ? {} : { problem: asLine(problem) }), ...(mtu > 0 ? { mtu } : {}) };
  });
}

/** The smallest MTU of the interfaces by which tunnels to other nodes leave; null: there are none, or VPP knows of no limit. */
function tunnelMtu(actual: ActualView): number | null {
  const remotes = new Set([...actual.vxlans.all()].map(({ remote }) => remote));
  const mtus = [...remotes].flatMap((remote) => {
    const route = actual.routes.get(remote);
    const out = route?.to === 'interface' ? actual.interfaces.get(route.index) : undefined;
    const parent = out && actual.interfaces.get(out.supIndex);
    const [own, above] = [out, parent].map((each) => each?.mtu?.packet ?? 0);
    const mtu = own || above || 0;
    return mtu > 0 ? [mtu] : [];
  });
  return mtus.length === 0 ? null : Math.min(...mtus);
}
