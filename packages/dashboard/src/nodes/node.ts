import { short } from '../parts/format.js';

interface Limit {
  readonly max_kbps?: number;
  readonly max_pps?: number;
}

/** A node as the API tells of it; of an `unreadable` one there are but its problems. */
export interface CloudNode {
  readonly node: string;
  readonly agent: 'there' | 'silent' | 'unreadable';
  readonly heard_at?: string | null;
  readonly agent_version?: string;
  readonly vpp_version?: string | null;
  readonly capabilities?: readonly string[];
  readonly tunnel_address?: string | null;
  readonly tunnel_mtu?: number | null;
  readonly uplinks?: readonly { readonly physnet: string; readonly mtu?: number }[] | null;
  readonly counters?: string | null;
  readonly buffers?: { readonly all: number; readonly peak_tenths: number } | null;
  readonly budget?: { readonly flow: Limit; readonly node: Limit } | null;
  readonly taps?: { readonly told: number; readonly active: number };
  readonly problems: readonly { readonly about: string; readonly problem: string }[];
  readonly untold?: readonly string[];
}

/** Lines that are drawn: whoever has more nodes looks for some of them. */
export const mostShown = 500;

/** Those with all of the words in them; those first with which something is wrong, each group by name. */
export function nodesShown(nodes: readonly CloudNode[], text: string): readonly CloudNode[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const passing = nodes.filter((node) => {
    const all = [
      ...[node.node, node.agent, node.agent_version, node.vpp_version, node.tunnel_address],
      ...node.problems.map(({ about, problem }) => `${about} ${problem}`),
    ]
      .join(' ')
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
  return passing.toSorted(
    (a, b) => Number(isWrong(b)) - Number(isWrong(a)) || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0),
  );
}

const isWrong = ({ agent, problems }: CloudNode): boolean => agent !== 'there' || problems.length > 0;

export function limitText(limit: Limit | undefined): string {
  if (limit === undefined) return 'not told';
  const { max_kbps: kbps, max_pps: pps } = limit;
  const parts = [
    ...(kbps === undefined ? [] : [`${short(kbps * 1000)}bit/s`]),
    ...(pps === undefined ? [] : [`${short(pps)} packets/s`]),
  ];
  return parts.length === 0 ? 'no limit' : parts.join(', ');
}

export const bufferText = (buffers: CloudNode['buffers']): string =>
  buffers === undefined || buffers === null
    ? 'not told'
    : `${short(buffers.all)}, at most ${buffers.peak_tenths * 10} % in use`;
