import { type Ability, abilities, isAble } from './ability.js';
import type { AgentRecord } from './state-record.js';

/** What can keep the taps of a node from being ACTIVE and complete, as far as its agent tells. */
export const nodeMatters = [
  'vpp',
  'plugins',
  'counters',
  'uplinks',
  'flat_networks',
  'certificates',
  'mtu',
  'clock',
  'release',
] as const;
export type NodeMatter = (typeof nodeMatters)[number];
/** Those that an agent can tell of itself; the others take somebody to compare it with. */
export const ownMatters = nodeMatters.slice(0, 6);

export interface NodeProblem {
  readonly node: string;
  readonly about: NodeMatter;
  /** For the operator: what was seen. */
  readonly problem: string;
}

/** What whoever looks at a node knows besides. */
export interface Onlooker {
  /** In milliseconds since 1970. */
  readonly now: number;
  /** The onlooker's own release. */
  readonly version: string;
  /** How far the node's clock is ahead of ours, in ms; null if it does not tell the time. */
  readonly aheadMs: number | null;
  /** The longest packet of the node's tapped ports, in bytes without the Ethernet header; 0: none is tapped; null: nobody knows. */
  readonly portMtu: number | null;
}

/** More than a heartbeat that was long on its way. */
const mostSkewMs = 5_000;
const dayMs = 86_400_000;
const soonDays = 30;
/** VXLAN with the outer headers, and the frame's own Ethernet header. */
const tunnelOverhead = { ip4: 50, ip6: 70 };

/** The release of VPP that first had it, where not every one that we work with does: later ones have not loaded its plugin. */
const since: Partial<Record<Ability, number>> = { gre: 2510, policers: 2306 };

/** @returns what is wrong of one matter; null if that cannot be told, which is not that all is well */
export function judgeNode(record: AgentRecord, matter: NodeMatter, onlooker: Onlooker): readonly string[] | null {
  return judges[matter](record, onlooker);
}

const judges: Readonly<Record<NodeMatter, (record: AgentRecord, onlooker: Onlooker) => readonly string[] | null>> = {
  vpp: ({ vpp_version, facts }) =>
    vpp_version === null && facts?.vpp_lacks === undefined ? ['the agent is not connected to VPP'] : [],
  plugins: ({ vpp_version, capabilities, facts }) => {
    if (facts?.vpp_lacks !== undefined) return [facts.vpp_lacks];
    if (vpp_version === null) return null;
    const missing = abilities.filter(
      (ability) => !isAble({ capabilities }, ability) && isOf(vpp_version, since[ability] ?? 0),
    );
    return missing.length === 0 ? [] : [`VPP ${vpp_version} has not loaded what it needs for ${missing.join(', ')}`];
  },
  counters: ({ facts }) => {
    if (facts?.counters === undefined) return null;
    if (facts.counters === 'segment') return [];
    return [facts.counters_problem ?? "VPP's statistics segment is not read, and the agent does not say why"];
  },
  uplinks: ({ facts }) => facts?.uplinks.flatMap(({ problem }) => problem ?? []) ?? null,
  flat_networks: ({ vpp_version, layer2_physnets }) => {
    if (vpp_version === null || layer2_physnets === undefined) return null;
    return layer2_physnets.map(
      (physnet) => `the uplink of physnet ${physnet} is in layer 2: VPP hands every tag that comes by it to somebody`,
    );
  },
  certificates: ({ facts }, { now }) =>
    facts?.certificates.flatMap(({ what, ends }) => endsSoon(what, Date.parse(ends), now) ?? []) ?? null,
  mtu: ({ facts, tunnel_address: address }, { portMtu }) => {
    if (facts === undefined || portMtu === null) return null;
    const { tunnel_mtu: tunnel, uplinks } = facts;
    const told = uplinks.flatMap(({ physnet, mtu }) =>
      mtu !== undefined && mtu < portMtu ? [`the uplink of physnet ${physnet} takes ${mtu}`] : [],
    );
    const wrapped = portMtu + tunnelOverhead[address?.includes(':') ? 'ip6' : 'ip4'];
    if (portMtu > 0 && tunnel !== undefined && tunnel < wrapped)
      told.push(`the route to other nodes' tunnels takes ${tunnel}, and a copy has ${wrapped} there`);
    return told.length === 0 ? [] : [`packets of tapped ports may have ${portMtu} bytes: ${told.join('; ')}`];
  },
  clock: (_, { aheadMs }) => {
    if (aheadMs === null) return null;
    const said = `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the server's`;
    return Math.abs(aheadMs) > mostSkewMs ? [`its clock is ${said}`] : [];
  },
  release: ({ agent_version }, { version }) =>
    agent_version === version ? [] : [`its agent is ${agent_version}, and the server ${version}`],
};

/** What to say of a certificate that ends within a month, or has ended; null if it does not. */
export function endsSoon(what: string, ends: number, now: number): string | null {
  if (Number.isNaN(ends)) return `${what}: the end of the certificate cannot be read`;
  const days = Math.floor((ends - now) / dayMs);
  if (days >= soonDays) return null;
  const when = new Date(ends).toISOString();
  return ends < now
    ? `${what}: the certificate ended on ${when}`
    : `${what}: the certificate ends in ${days} days, ${when}`;
}

/** Whether a VPP is of a release or newer, by what it says of itself; one that cannot be read is not. */
function isOf(version: string, release: number): boolean {
  const [, year, month] = /^v?(\d\d)\.(\d\d)(?!\d)/.exec(version) ?? [];
  return Number(`${year}${month}`) >= release;
}
