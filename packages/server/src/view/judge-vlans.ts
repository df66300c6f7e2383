import type { NetworkSegment, NeutronNetwork, SegmentRange } from '@taas/neutron';

/** The VLAN ids that the configuration reserves on a physical network. */
export interface ReservedVlans {
  readonly physnet: string;
  readonly first: number;
  readonly last: number;
}

const tunnels: ReadonlySet<string> = new Set(['vxlan', 'gre', 'geneve', 'stt']);

/**
 * Whether the reserved VLANs are for TaaS alone, as far as Neutron gives them out. Where any network would see them, or make
 * them, copies must not travel there: VPP hands every tag to an uplink in layer 2, also on nodes that have no part in a tap. The
 * VLANs of a trunk's subports do not matter: they are inside of what the trunk's port sends, below its own network's tag, and a
 * trunk on a flat network is a flat network.
 * @param ranges out of which Neutron gives ids; null if it does not tell
 * @returns why not, for the operator: it may tell of tenants' networks. Null if they are
 */
export function judgeVlans(
  reserved: ReservedVlans,
  networks: readonly NeutronNetwork[],
  ranges: readonly SegmentRange[] | null,
): string | null {
  // Where there is no network there is no port to be tapped; more likely, Neutron does not show them to us.
  if (networks.length === 0)
    return 'Neutron shows no networks to our service user, which needs the role admin to see them all';
  for (const network of networks) {
    const problem = problemOf(reserved, network);
    if (problem !== null) return `network ${network.id} ${problem}`;
  }
  const clash = ranges?.find(
    ({ type, physnet, first, last }) =>
      type === 'vlan' && (physnet ?? reserved.physnet) === reserved.physnet && overlaps(reserved, first, last),
  );
  if (!clash) return null;
  return `Neutron gives VLANs ${clash.first}-${clash.last} of physnet ${reserved.physnet} to networks, which overlap with ours`;
}

function problemOf(reserved: ReservedVlans, { vlanTransparent, segments }: NeutronNetwork): string | null {
  for (const segment of segments) {
    const problem = segmentProblem(reserved, segment);
    if (problem !== null) return problem;
    if (vlanTransparent && segment.physnet === reserved.physnet)
      return `on physnet ${reserved.physnet} is VLAN-transparent: its VMs choose their tags`;
  }
  return null;
}

function segmentProblem({ physnet, first, last }: ReservedVlans, segment: NetworkSegment): string | null {
  const { type, id } = segment;
  if (type === null)
    return 'has no provider attributes that Neutron would show to our service user, which needs the role admin';
  if (tunnels.has(type) || type === 'local') return null;
  if (segment.physnet === null) return `is of type ${type}, and Neutron does not say on which physnet`;
  if (segment.physnet !== physnet) return null;
  if (type !== 'vlan') return `is of type ${type} on physnet ${physnet}: VPP hands every tag to such a network`;
  if (id === null) return `is of type vlan on physnet ${physnet}, and Neutron does not say which`;
  return overlaps({ first, last }, id, id)
    ? `has VLAN ${id} of physnet ${physnet}, which is reserved for copies`
    : null;
}

const overlaps = (range: { readonly first: number; readonly last: number }, first: number, last: number): boolean =>
  first <= range.last && range.first <= last;
