import { type ResourceKind, resourceKinds, uuidPattern } from './identifiers.js';

/** Root of everything that networking-vpp, and so TaaS, keeps in etcd. */
export const root = '/networking-vpp';

export const prefixes = {
  /** All of the API's own records. */
  api: `${root}/taas/`,
  tapServices: `${root}/taas/tap_services/`,
  tapFlows: `${root}/taas/tap_flows/`,
  tapMirrors: `${root}/taas/tap_mirrors/`,
  portRoles: `${root}/taas/port_roles/`,
  portBindings: `${root}/taas/port_bindings/`,
  tunnelIds: `${root}/taas/tunnel_ids/`,
  quotas: `${root}/taas/quotas/`,
  admissions: `${root}/taas/admissions/`,
  segments: `${root}/taas/segments/`,
  underlay: `${root}/taas/underlay/`,
  physnets: `${root}/taas/physnets/`,
  audit: `${root}/taas/audit/`,
  auditEntries: `${root}/taas/audit/entries/`,
  nodes: `${root}/nodes/`,
  state: `${root}/state/`,
  /** What one node is told. */
  nodeTaas: (node: string) => `${root}/nodes/${node}/taas/`,
  /** What one node reports. */
  stateTaas: (node: string) => `${root}/state/${node}/taas/`,
} as const;

export const keys = {
  resource: (kind: ResourceKind, id: string) => `${prefixes.api}${kind}/${id}`,
  portRole: (port: string) => `${prefixes.portRoles}${port}`,
  portBinding: (port: string) => `${prefixes.portBindings}${port}`,
  /** Projects' ids are Keystone's, or whatever an administrator has named: they are kept from being paths. */
  tunnelId: (project: string, id: number) => `${prefixes.tunnelIds}${encodeURIComponent(project)}/${id}`,
  quota: (project: string) => `${prefixes.quotas}${encodeURIComponent(project)}`,
  /** Written anew whenever something of a kind is made in a project with a quota: makers take turns by it. */
  admission: (project: string, kind: ResourceKind) => `${prefixes.admissions}${encodeURIComponent(project)}/${kind}`,
  segment: (segment: SegmentKey) => `${prefixes.segments}${segment.type}/${segment.physnet ?? '-'}/${segment.id}`,
  /** Tunnel addresses that a node has ever had. */
  underlay: (node: string) => `${prefixes.underlay}${node}`,
  physnet: (name: string) => `${prefixes.physnets}${name}`,
  nodeResource: (node: string, kind: ResourceKind, id: string) => `${prefixes.nodeTaas(node)}${kind}/${id}`,
  stateResource: (node: string, kind: ResourceKind, id: string) => `${prefixes.stateTaas(node)}${kind}/${id}`,
  /** Asks the node's agent for figures, for as long as the key is there. */
  statisticsRequest: (node: string, kind: ResourceKind, id: string) =>
    `${prefixes.nodeTaas(node)}statistics/${kind}/${id}`,
  /** Lets the node copy for a capture, for as long as the key is there. */
  captureLease: (node: string, service: string) => `${prefixes.nodeTaas(node)}captures/${service}`,
  statistics: (node: string, kind: ResourceKind, id: string) => `${prefixes.stateTaas(node)}statistics/${kind}/${id}`,
  /** What nodes have counted that have no part in the tap any more. */
  statisticsTotals: (kind: ResourceKind, id: string) => `${prefixes.api}statistics/${kind}/${id}`,
  agent: (node: string) => `${prefixes.stateTaas(node)}agent`,
  heartbeat: (node: string) => `${prefixes.stateTaas(node)}heartbeat`,
  leader: `${root}/taas/leader`,
  receiptSender: `${root}/taas/receipt_sender`,
  server: (name: string) => `${root}/taas/servers/${encodeURIComponent(name)}`,
  /** Ids begin with the time, so that they sort for people; the order of entries is that of their revisions. */
  auditEntry: (id: string) => `${prefixes.auditEntries}${id}`,
  /** One a tap, so that it begins once whoever leads. */
  auditBegan: (kind: ResourceKind, id: string) => `${prefixes.auditEntries}began.${kind}.${id}`,
  /** One for each end of a tap, so that it is told once whoever leads. */
  auditExpiring: (kind: ResourceKind, id: string, expiresAt: number) =>
    `${prefixes.auditEntries}expiring.${kind}.${id}.${expiresAt}`,
  auditExported: `${root}/taas/audit/exported`,
  leaderHeartbeat: `${root}/taas/leader_heartbeat`,
  /** networking-vpp's own key, which we read. */
  boundPort: (node: string, port: string) => `${root}/nodes/${node}/ports/${port}`,
  /** networking-vpp's own key, which we read: the subports of a trunk whose port is bound on the node. */
  boundTrunk: (node: string, port: string) => `${root}/nodes/${node}/trunks/${port}`,
} as const;

export interface SegmentKey {
  readonly type: 'vlan' | 'vxlan';
  /** The physical network of a VLAN; null for VXLAN. */
  readonly physnet: string | null;
  readonly id: number;
}

/** What a key under the root is about, as far as TaaS cares. */
export type ParsedKey =
  | { readonly is: 'resource'; readonly kind: ResourceKind; readonly id: string }
  | { readonly is: 'port-role'; readonly port: string }
  | { readonly is: 'port-binding'; readonly port: string }
  | { readonly is: 'segment'; readonly segment: SegmentKey }
  | { readonly is: 'underlay'; readonly node: string }
  | { readonly is: 'physnet'; readonly physnet: string }
  | { readonly is: 'tunnel-id'; readonly project: string; readonly id: number }
  | { readonly is: 'quota'; readonly project: string }
  | { readonly is: 'admission'; readonly project: string; readonly kind: ResourceKind }
  | { readonly is: 'node-resource'; readonly node: string; readonly kind: ResourceKind; readonly id: string }
  | { readonly is: 'state-resource'; readonly node: string; readonly kind: ResourceKind; readonly id: string }
  | { readonly is: 'statistics-request'; readonly node: string; readonly kind: ResourceKind; readonly id: string }
  | { readonly is: 'capture-lease'; readonly node: string; readonly service: string }
  | { readonly is: 'statistics'; readonly node: string; readonly kind: ResourceKind; readonly id: string }
  | { readonly is: 'statistics-totals'; readonly kind: ResourceKind; readonly id: string }
  | { readonly is: 'agent'; readonly node: string }
  | { readonly is: 'heartbeat'; readonly node: string }
  | { readonly is: 'leader-heartbeat' }
  | { readonly is: 'receipt-sender' }
  | { readonly is: 'server'; readonly name: string }
  | { readonly is: 'bound-port'; readonly node: string; readonly port: string }
  /** `port` is the trunk's, not a subport's. */
  | { readonly is: 'bound-trunk'; readonly node: string; readonly port: string }
  | { readonly is: 'other' };

const other: ParsedKey = { is: 'other' };

/** The inverse of {@link keys}. Keys of others, or of a later version of ours, are `other`. */
export function parseKey(key: string): ParsedKey {
  if (!key.startsWith(`${root}/`)) return other;
  const [area, a, b, c, d, e, ...rest] = key.slice(root.length + 1).split('/');
  if (rest.length > 0) return other;
  if (e !== undefined) return parseStatisticsKey(area, a, b, c, d, e);
  if (area === 'taas') return parseApiKey(a, b, c, d);
  if (!isName(a) || (area !== 'nodes' && area !== 'state')) return other;
  if (b === 'taas' && area === 'state' && (c === 'agent' || c === 'heartbeat') && d === undefined)
    return { is: c, node: a };
  if (b === 'taas' && area === 'nodes' && c === 'captures' && isUuid(d))
    return { is: 'capture-lease', node: a, service: d };
  if (b === 'taas' && isKind(c) && isUuid(d))
    return { is: area === 'nodes' ? 'node-resource' : 'state-resource', node: a, kind: c, id: d };
  if (d !== undefined || !isPort(c)) return other;
  if (area === 'nodes' && b === 'ports') return { is: 'bound-port', node: a, port: c };
  if (area === 'nodes' && b === 'trunks') return { is: 'bound-trunk', node: a, port: c };
  return other;
}

function parseStatisticsKey(
  area: string | undefined,
  a?: string,
  b?: string,
  c?: string,
  d?: string,
  e?: string,
): ParsedKey {
  if (!isName(a) || b !== 'taas' || c !== 'statistics' || !isKind(d) || !isUuid(e)) return other;
  if (area === 'nodes') return { is: 'statistics-request', node: a, kind: d, id: e };
  return area === 'state' ? { is: 'statistics', node: a, kind: d, id: e } : other;
}

function parseApiKey(a?: string, b?: string, c?: string, d?: string): ParsedKey {
  if (isKind(a) && isUuid(b) && c === undefined) return { is: 'resource', kind: a, id: b };
  if (a === 'statistics' && isKind(b) && isUuid(c) && d === undefined)
    return { is: 'statistics-totals', kind: b, id: c };
  if (a === 'port_roles' && isPort(b) && c === undefined) return { is: 'port-role', port: b };
  if (a === 'port_bindings' && isPort(b) && c === undefined) return { is: 'port-binding', port: b };
  if (a === 'underlay' && isName(b) && c === undefined) return { is: 'underlay', node: b };
  if (a === 'physnets' && isName(b) && c === undefined) return { is: 'physnet', physnet: b };
  if (a === 'segments') return parseSegmentKey(b, c, numberIn(d, 1, b === 'vlan' ? 4094 : 0xffffff));
  if (a === 'leader_heartbeat' && b === undefined) return { is: 'leader-heartbeat' };
  if (a === 'receipt_sender' && b === undefined) return { is: 'receipt-sender' };
  if (a === 'servers' && c === undefined) return serverKey(decode(b));
  if (a === 'quotas' || a === 'tunnel_ids' || a === 'admissions') return parseProjectKey(a, b, c, d);
  return other;
}

const serverKey = (name: string | null): ParsedKey => (name === null ? other : { is: 'server', name });

function parseProjectKey(area: 'quotas' | 'tunnel_ids' | 'admissions', b?: string, c?: string, d?: string): ParsedKey {
  const project = decode(b);
  if (project === null || d !== undefined) return other;
  if (area === 'quotas') return c === undefined ? { is: 'quota', project } : other;
  if (area === 'tunnel_ids') return tunnelIdKey(project, numberIn(c, 0, 0xffffffff));
  return isKind(c) ? { is: 'admission', project, kind: c } : other;
}

function parseSegmentKey(type: string | undefined, physnet: string | undefined, id: number | null): ParsedKey {
  if (id === null || !isName(physnet)) return other;
  if (type === 'vlan') return { is: 'segment', segment: { type, physnet: physnet === '-' ? null : physnet, id } };
  return type === 'vxlan' && physnet === '-' ? { is: 'segment', segment: { type, physnet: null, id } } : other;
}

const tunnelIdKey = (project: string, id: number | null): ParsedKey =>
  id === null ? other : { is: 'tunnel-id', project, id };

/** A number as we write it: two keys are never the same number. */
function numberIn(text: string | undefined, first: number, last: number): number | null {
  if (text === undefined || !/^(0|[1-9]\d{0,9})$/.test(text)) return null;
  const value = Number(text);
  return value >= first && value <= last ? value : null;
}

const uuid = new RegExp(uuidPattern);
const isUuid = (text: string | undefined): text is string => text !== undefined && uuid.test(text);

/** Neutron's ids of ports are UUIDs; whatever else somebody may call one, it is no more than a name. */
const isPort = isName;

function isName(text: string | undefined): text is string {
  return text !== undefined && text.length > 0 && text.length <= 255;
}

function decode(text: string | undefined): string | null {
  if (!text) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // Not written by us.
  }
}

function isKind(text: string | undefined): text is ResourceKind {
  return resourceKinds.some((kind) => kind === text);
}
