import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as model from './index.js';

const id = '00000000-0000-4000-8000-000000000001';
const vxlan = { type: 'vxlan', vni: 70_000, local: '10.0.0.1', remote: '10.0.0.2' } as const;
const vlan = { type: 'vlan', physnet: 'physnet1', vlan: 3900 } as const;
const common = { v: 1, id, project_id: 'p' };
const named = { ...common, name: '', description: '', created_at: 1 };
const flow = { tap_service_id: id, source_port: id, direction: 'BOTH', vlan_filter: '1-5' };
const rule = { action: 'accept', ethertype: 0x800, source: '10.0.0.0/8', protocol: 6, source_ports: [1, 2] };
const mirror = { port_id: id, mirror_type: 'gre', directions: { IN: 5 } };
const agent = {
  ...{ v: 1, node: 'n', agent_version: '1', vpp_version: '26.06', tunnel_address: '10.0.0.1' },
  ...{ physnets: ['physnet1'], capabilities: ['vlan'] },
};
const state = { v: 1, id, revision: 7, status: 'ACTIVE', reason: '' };

const kinds: readonly (readonly [string, model.RecordCodec<unknown>, object])[] = [
  ['tap service', model.tapServiceCodec, { ...named, port_id: id }],
  ['tap flow', model.tapFlowCodec, { ...named, ...flow, filter_rules: [rule] }],
  ['tap mirror', model.tapMirrorCodec, { ...named, ...mirror, remote_ip: '192.0.2.1' }],
  ['tunnel id', model.tunnelIdCodec, { v: 1, tap_mirror_id: id }],
  ['quota', model.quotaCodec, { v: 1, tap_service: 5 }],
  ['port role', model.portRoleCodec, { v: 1, role: 'source' }],
  ['port binding', model.portBindingCodec, { v: 1, node: 'n', reason: '', project_id: 'p', mtu: 1500 }],
  ['segment', model.segmentCodec, { v: 1, tap_service_id: id }],
  ["node's service", model.nodeTapServiceCodec, { ...common, port_id: id, inputs: [vlan, vxlan] }],
  ["node's flow", model.nodeTapFlowCodec, { ...common, ...flow, filter: [rule], target: vxlan }],
  [
    "node's mirror",
    model.nodeTapMirrorCodec,
    { ...common, ...mirror, local: '10.0.0.1', remote: '192.0.2.1', mtu: null },
  ],
  ['state', model.tapStateCodec, state],
  ['agent', model.agentCodec, agent],
];

const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
const hostile = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 0.5, 1e308, -0, 2 ** 53, '', 'x'.repeat(10_000), '\u0000', '\u202e', []),
  fc.constantFrom<unknown>({}, { __proto__: null }, '10.0.0.1%1', 'fe80::1%eth0', '224.0.0.1', '../..', '__proto__'),
  fc.jsonValue(),
);

describe.each(kinds)('a record of a %s', (_kind, codec, good) => {
  it('is read', () => {
    expect(codec.parse('k', JSON.stringify(good))).toEqual(good);
  });

  it('is either read or refused, whatever a field of it is', () => {
    const fields = Object.keys(good);
    fc.assert(
      fc.property(fc.constantFrom(...fields), hostile, (field, value) =>
        readOrRefused(codec, { ...good, [field]: value }),
      ),
      { numRuns: 40 },
    );
  });

  it('is either read or refused, whatever text it is', () => {
    const text = fc.oneof(fc.json(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, (value) => refusedOr(() => codec.parse('k', value))),
      { numRuns: 30 },
    );
    for (const version of [
      deep,
      `{"v":${deep}}`,
      `{"v":1,"x":${deep}}`,
      '{"__proto__":{"v":1}}',
      `"${'x'.repeat(2e6)}"`,
    ])
      refusedOr(() => codec.parse('k', version));
    expect(() => codec.parse('k', `{"v":${deep}}`)).toThrow(model.RecordError);
  });
});

function readOrRefused(codec: model.RecordCodec<unknown>, record: object): void {
  refusedOr(() => codec.parse('k', JSON.stringify(record)));
}

function refusedOr(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(model.RecordError);
    expect((error as model.RecordError).problem.length).toBeLessThanOrEqual(250);
  }
}

describe('what is believed of nobody', () => {
  const refuses = (codec: model.RecordCodec<unknown>, record: object, why: RegExp) =>
    expect(() => codec.parse('k', JSON.stringify(record))).toThrow(why);

  it.each([
    'garbage',
    '224.0.0.5',
    '0.0.0.0',
    '255.255.255.255',
    'x'.repeat(100_000),
    '::ffff:10.99.0.9',
    'fe80::1%eth0',
    '',
  ])('a node whose tunnels end at %s', (tunnel_address) => {
    refuses(model.agentCodec, { ...agent, tunnel_address }, /tunnel_address/);
    const link = { ...vxlan, remote: tunnel_address };
    refuses(model.nodeTapFlowCodec, { ...common, ...flow, filter: [], target: link }, /target/);
    refuses(model.nodeTapServiceCodec, { ...common, port_id: id, inputs: [link] }, /inputs/);
  });

  it('numbers that are out of their range', () => {
    for (const revision of [1e308, 2 ** 53, -1, 0.5]) refuses(model.tapStateCodec, { ...state, revision }, /revision/);
    for (const created_at of [1e308, -1])
      refuses(model.tapServiceCodec, { ...named, port_id: id, created_at }, /created/);
    for (const bad of [0, 4095, 1e308])
      refuses(model.nodeTapServiceCodec, { ...common, port_id: id, inputs: [{ ...vlan, vlan: bad }] }, /inputs/);
    for (const vni of [0, 2 ** 24])
      refuses(model.nodeTapServiceCodec, { ...common, port_id: id, inputs: [{ ...vxlan, vni }] }, /inputs/);
    refuses(model.quotaCodec, { v: 1, tap_flow: 1e308 }, /tap_flow/);
    refuses(model.tapMirrorCodec, { ...named, ...mirror, remote_ip: '1.1.1.1', directions: { IN: 2 ** 32 } }, /IN/);
  });

  it('lists without end, and texts that are not one line', () => {
    refuses(model.agentCodec, { ...agent, physnets: Array(2000).fill('p') }, /physnets/);
    refuses(model.agentCodec, { ...agent, capabilities: Array(2000).fill('p') }, /capabilities/);
    refuses(model.agentCodec, { ...agent, agent_version: 'x'.repeat(129) }, /agent_version/);
    for (const reason of ['x'.repeat(3000), 'a\nb', '\u001b[2J', 'a\u202eb'])
      refuses(model.tapStateCodec, { ...state, reason }, /reason/);
    refuses(model.tapStateCodec, { ...state, status: 'FINE' }, /status/);
    refuses(model.nodeTapFlowCodec, { ...common, ...flow, filter: Array(65).fill(rule), target: vxlan }, /filter/);
    refuses(
      model.nodeTapFlowCodec,
      { ...common, ...flow, filter: [{ ...rule, source: '10/8' }], target: vxlan },
      /filter/,
    );
  });

  it('keys that are two spellings of one', () => {
    const { segments, tunnelIds, nodes } = model.prefixes;
    for (const key of ['vlan/p/007', 'vlan/p/4095', 'vlan/p/0', 'vxlan/p/7', 'vxlan/-/16777216', 'vlan/p/1e3'])
      expect(model.parseKey(segments + key)).toEqual({ is: 'other' });
    expect(model.parseKey(`${tunnelIds}p/4294967296`)).toEqual({ is: 'other' });
    expect(model.parseKey(`${nodes}n/taas/tap_flows/not-an-id`)).toEqual({ is: 'other' });
    expect(model.parseKey(`${nodes}${'n'.repeat(300)}/ports/${id}`)).toEqual({ is: 'other' });
  });
});

it("another's text becomes one line", () => {
  expect(model.asLine('a\nb\u001b[31mc\u202ed')).toBe('a b [31mc d');
  expect(model.asLine('x'.repeat(9000))).toHaveLength(500);
});
