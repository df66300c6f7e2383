import { listPage, objectOf, textOr } from './answer.js';

/** A piece of a network as it lies on the physical world. */
export interface NetworkSegment {
  /** Such as `flat`, `vlan`, `vxlan`; null if Neutron does not show that to the token that asked. */
  readonly type: string | null;
  readonly physnet: string | null;
  /** The VLAN id or VNI; null if it has none, or none yet. */
  readonly id: number | null;
}

/** What TaaS needs to know of a Neutron network. */
export interface NeutronNetwork {
  readonly id: string;
  /** Whether its VMs may send VLAN tags of their own choice through it. */
  readonly vlanTransparent: boolean;
  readonly segments: readonly NetworkSegment[];
}

/** VLAN ids that Neutron gives to networks on a physical network (its extension network-segment-range). */
export interface SegmentRange {
  readonly type: string;
  readonly physnet: string | null;
  readonly first: number;
  readonly last: number;
}

const provider = ['provider:network_type', 'provider:physical_network', 'provider:segmentation_id'] as const;

/** The attributes to ask for; more would only be longer. */
export const networkFields: readonly string[] = ['id', 'vlan_transparent', 'segments', ...provider];

/** A page of networks, and whether Neutron says that there are more. @throws NeutronUnavailableError for any other body */
export function parseNetworkPage(body: string): {
  readonly networks: readonly NeutronNetwork[];
  readonly more: boolean;
} {
  const { items, more } = listPage(body, 'networks');
  return { networks: items.map(networkOf), more };
}

/** @throws NeutronUnavailableError if the body is no `{"network_segment_ranges": [...]}` */
export function parseSegmentRanges(body: string): SegmentRange[] {
  return listPage(body, 'network_segment_ranges').items.map((fields) => ({
    type: textOr(fields['network_type'], ''),
    physnet: textOrNull(fields['physical_network']),
    // A bound that is not there is none.
    first: numberOrNull(fields['minimum']) ?? 0,
    last: numberOrNull(fields['maximum']) ?? Number.MAX_SAFE_INTEGER,
  }));
}

type Fields = Readonly<Record<string, unknown>>;

/** A network of several segments has a list of them, any other one the attributes of its one. */
function networkOf(fields: Fields): NeutronNetwork {
  const { segments } = fields;
  const several = Array.isArray(segments) && segments.length > 0 ? segments : [fields];
  return {
    id: textOr(fields['id'], ''),
    vlanTransparent: fields['vlan_transparent'] === true,
    segments: several.map((segment) => segmentOf(objectOf(segment, 'segments[]'))),
  };
}

function segmentOf(fields: Fields): NetworkSegment {
  const [type, physnet, id] = provider;
  return { type: textOrNull(fields[type]), physnet: textOrNull(fields[physnet]), id: numberOrNull(fields[id]) };
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Some of Neutron's drivers give numbers as text. */
function numberOrNull(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : null;
}
