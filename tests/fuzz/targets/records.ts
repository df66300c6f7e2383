import type { RecordCodec } from '@taas/model';
import * as model from '@taas/model';
import { Finding, type FuzzTarget } from '../fuzz-target.js';
import { ownMemory } from '../own-memory.js';
import { withoutValues } from './without-values.js';

const id = '00000000-0000-4000-8000-000000000001';
const common = { v: 1, id, project_id: 'p' };
const vlan = { type: 'vlan', physnet: 'physnet1', vlan: 3900 };
const vxlan = { type: 'vxlan', vni: 70_000, local: '10.0.0.1', remote: 'fd00::2' };
const named = { ...common, name: 'n', description: 'd', created_at: 1_700_000_000_000 };
const flow = { tap_service_id: id, source_port: id, direction: 'BOTH', vlan_filter: '1-5,7' };
const rule = {
  ...{ action: 'accept', ethertype: 0x0800, protocol: 17, source: '10.0.0.0/8', destination_ports: [53, 53] },
};
const mirror = { port_id: id, mirror_type: 'gre', directions: { IN: 1, OUT: 2 } };

/** A valid record of each kind with the codec that reads it. */
const kinds: Readonly<Record<string, readonly [RecordCodec<unknown>, object]>> = {
  tap_service: [model.tapServiceCodec, { ...named, port_id: id }],
  tap_flow: [model.tapFlowCodec, { ...named, ...flow }],
  tap_mirror: [model.tapMirrorCodec, { ...named, ...mirror, remote_ip: '192.0.2.1' }],
  tunnel_id: [model.tunnelIdCodec, { v: 1, tap_mirror_id: id }],
  quota: [model.quotaCodec, { v: 1, tap_service: 5, tap_flow: -1 }],
  port_role: [model.portRoleCodec, { v: 1, role: 'source' }],
  port_binding: [model.portBindingCodec, { v: 1, node: 'node-1', reason: '', project_id: 'p', mtu: 1500 }],
  segment: [model.segmentCodec, { v: 1, tap_service_id: id }],
  node_tap_service: [model.nodeTapServiceCodec, { ...common, port_id: id, inputs: [vlan, vxlan] }],
  node_tap_flow: [model.nodeTapFlowCodec, { ...common, ...flow, filter: [rule], target: vxlan }],
  node_tap_mirror: [
    model.nodeTapMirrorCodec,
    { ...common, ...mirror, local: '10.0.0.1', remote: '192.0.2.1', mtu: 1500 },
  ],
  tap_state: [model.tapStateCodec, { v: 1, id, revision: 4711, status: 'ACTIVE', reason: '' }],
  agent: [
    model.agentCodec,
    {
      ...{ v: 1, node: 'node-1', agent_version: '0.1.0', vpp_version: '26.06', tunnel_address: '10.0.0.1' },
      ...{ physnets: ['physnet1'], capabilities: [] },
    },
  ],
};

/** An input is the name of a kind, a line feed, and the value of a key. */
export const records: FuzzTarget = {
  name: 'records',
  what: 'records in etcd, of every kind',
  open: async () => ({
    valid: ' read',
    corpus: Object.entries(kinds).map(([kind, [, record]]) =>
      new TextEncoder().encode(`${kind}\n${JSON.stringify(record)}`),
    ),
    dictionary: [
      ...['null', 'true', '{}', '[]', '""', '-1', '1e308', '1e999', '0.5', '4294967296', '9007199254740993', '2e0'],
      ...['"__proto__":', '"constructor":', '"toString"', '"v":2', '"removed":true', '\\u0000', '\\ud800', '\u202e'],
      ...['"::"', '"::ffff:10.0.0.1"', '"fe80::1%eth0"', '"10.0.0.1/24"', '"010.0.0.1"', '"224.0.0.1"', '4095'],
    ],
    run: (input) => {
      const text = new TextDecoder().decode(input);
      const [kind = '', ...rest] = text.split('\n');
      const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
      if (found === undefined) return 'no kind';
      const [codec] = found;
      let record: unknown;
      try {
        record = codec.parse('a key', rest.join('\n'));
      } catch (error) {
        if (error instanceof model.RecordError) return `${kind} refused: ${withoutValues(error.message)}`;
        throw error;
      }
      const again = codec.format(codec.parse('a key', codec.format(record)));
      if (again !== codec.format(record)) throw new Finding(`is written as ${again}`);
      return `${kind} read`;
    },
    memory: ownMemory,
    close: async () => undefined,
  }),
};
