import * as model from '@taas/model';
import { keys, resourceKinds } from '@taas/model';
import { uuid } from './stack.js';

/** A key that somebody hostile writes, the form of its record (null: any), and a right record. */
export interface HostileKey {
  readonly key: string;
  readonly schema: object | null;
  readonly record: object;
}

export const evilTap = '00000000-0000-4000-8000-00000000e000';
const [evilSource, evilCollector, evilTrunk, evilSubport] = [uuid(0xe1), uuid(0xe2), uuid(0xe3), uuid(0xe4)];

const link = { type: 'vxlan', vni: 90_001, local: '10.99.0.3', remote: '10.99.0.1' };
const common = { v: 1, id: evilTap, project_id: 'evil' };
const named = { ...common, name: '', description: '', created_at: 1 };
const flow = { tap_service_id: evilTap, source_port: evilSource, direction: 'BOTH', vlan_filter: null };
const mirror = { port_id: evilSource, mirror_type: 'gre', directions: { IN: 5 } };
const state = { v: 1, id: evilTap, revision: 1, status: 'ACTIVE', reason: '' };
const none = { user_id: null, project_id: null, request_id: null, tap: null };
const auditRecord = { v: 1, entries: [{ event: 'refused', at: 1, ...none, detail: '' }] };

const resources: Record<model.ResourceKind, readonly [object, object]> = {
  tap_services: [model.TapServiceRecord, { ...named, port_id: evilCollector }],
  tap_flows: [model.TapFlowRecord, { ...named, ...flow, filter_rules: [] }],
  tap_mirrors: [model.TapMirrorRecord, { ...named, ...mirror, remote_ip: '192.0.2.1' }],
};
const published: Record<model.ResourceKind, readonly [object, object]> = {
  tap_services: [model.NodeTapService, { ...common, port_id: evilCollector, inputs: [link] }],
  tap_flows: [model.NodeTapFlow, { ...common, ...flow, filter: [], target: link }],
  tap_mirrors: [model.NodeTapMirror, { ...common, ...mirror, local: '10.99.0.3', remote: '192.0.2.1', mtu: null }],
};

const one = (key: string, schema: object | null, record: object): readonly HostileKey[] => [{ key, schema, record }];
const ofEach = (make: (kind: model.ResourceKind) => readonly HostileKey[]) => resourceKinds.flatMap(make);

/**
 * Keys of every kind that there is, of somebody who is not a neighbour: a kind that is added to {@link keys} has to be added
 * here, or this does not compile. Records of the evil tenant's taps stand on the neighbours' node, too.
 */
const byKind = {
  resource: ofEach((kind) => one(keys.resource(kind, evilTap), ...resources[kind])),
  portRole: one(keys.portRole(evilCollector), model.PortRoleRecord, { v: 1, role: 'collector' }),
  portBinding: one(keys.portBinding(evilCollector), model.PortBindingRecord, {
    ...{ v: 1, node: 'node-evil', reason: '', project_id: 'evil' },
  }),
  tunnelId: one(keys.tunnelId('evil', 5), model.TunnelIdRecord, { v: 1, tap_mirror_id: evilTap }),
  quota: one(keys.quota('evil'), model.QuotaRecord, { v: 1, tap_flow: 5 }),
  admission: ofEach((kind) => one(keys.admission('evil', kind), null, {})),
  segment: [
    ...one(keys.segment({ type: 'vxlan', physnet: null, id: 90_001 }), model.SegmentRecord, {
      ...{ v: 1, tap_service_id: evilTap },
    }),
    ...one(keys.segment({ type: 'vlan', physnet: 'physnet1', id: 5 }), model.SegmentRecord, {
      ...{ v: 1, tap_service_id: evilTap },
    }),
  ],
  underlay: one(keys.underlay('node-evil'), model.UnderlayRecord, { v: 1, addresses: ['10.99.0.3'] }),
  physnet: one(keys.physnet('physnet-evil'), model.PhysnetRecord, { v: 1 }),
  nodeResource: ofEach((kind) =>
    ['node-evil', 'node-a'].flatMap((node) => one(keys.nodeResource(node, kind, evilTap), ...published[kind])),
  ),
  stateResource: ofEach((kind) => one(keys.stateResource('node-evil', kind, evilTap), model.TapState, state)),
  statistics: ofEach((kind) =>
    one(keys.statistics('node-evil', kind, evilTap), model.StatisticsRecord, {
      ...{ v: 1, id: evilTap, since: 1, at: 2, final: false, gaps: [] },
      stages: [{ stage: 'seen', direction: 'IN', packets: '1', bytes: '64' }],
    }),
  ),
  captureLease: one(keys.captureLease('node-evil', evilTap), model.CaptureLease, { v: 1 }),
  statisticsRequest: ofEach((kind) =>
    one(keys.statisticsRequest('node-evil', kind, evilTap), model.StatisticsRequest, { v: 1 }),
  ),
  statisticsTotals: ofEach((kind) =>
    one(keys.statisticsTotals(kind, evilTap), model.StatisticsTotals, {
      ...{ v: 1, id: evilTap, since: 1, at: 2, unreadable: 0, gaps: [] },
      stages: [{ stage: 'seen', direction: 'IN', packets: '1', bytes: '64' }],
    }),
  ),
  agent: one(keys.agent('node-evil'), model.AgentRecord, {
    ...{ v: 1, node: 'node-evil', agent_version: '1', vpp_version: '26.06', tunnel_address: '10.99.0.3' },
    ...{ physnets: ['physnet1'], layer2_physnets: [], capabilities: [] },
  }),
  heartbeat: one(keys.heartbeat('node-evil'), model.HeartbeatRecord, { v: 1, beat: 1, period_ms: 1000 }),
  // Whoever writes it deposes the leader, whatever is written: etcd's roles and signatures keep it (items 4 and 5).
  leader: [],
  receiptSender: one(keys.receiptSender, model.ReceiptSenderRecord, { v: 1, address: '10.99.0.9' }),
  server: one(keys.server('evil'), model.ServerRecord, { v: 1, server_version: '9', reads: 1 }),
  auditEntry: one(keys.auditEntry('evil'), model.AuditRecord, auditRecord),
  auditBegan: ofEach((kind) => one(keys.auditBegan(kind, evilTap), model.AuditRecord, auditRecord)),
  auditExpiring: ofEach((kind) => one(keys.auditExpiring(kind, evilTap, 1), model.AuditRecord, auditRecord)),
  auditExported: one(keys.auditExported, model.AuditExported, { v: 1, revision: 1 }),
  leaderHeartbeat: one(keys.leaderHeartbeat, null, { v: 1, beat: 1 }),
  boundPort: one(keys.boundPort('node-evil', evilSource), null, { mtu: 1500, project_id: 'evil' }),
  boundTrunk: one(keys.boundTrunk('node-evil', evilTrunk), null, { sub_ports: [{ port_id: evilSubport }] }),
} satisfies Record<keyof typeof keys, readonly HostileKey[]>;

export const hostileKeys: readonly HostileKey[] = [
  ...Object.values(byKind).flat(),
  // Keys of nobody: of a later version, or of somebody's own making.
  ...[`${model.prefixes.api}unheard_of/${evilTap}`, `${model.prefixes.stateTaas('node-evil')}unheard_of`].map(
    (key): HostileKey => ({ key, schema: null, record: { v: 1 } }),
  ),
];
