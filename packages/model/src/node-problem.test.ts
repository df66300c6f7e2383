import { describe, expect, it } from 'vitest';
import { judgeNode, type NodeMatter, nodeMatters, type Onlooker, ownMatters } from './node-problem.js';
import { reportNodes } from './node-report.js';
import { agentCodec } from './record-codec.js';
import type { AgentRecord } from './state-record.js';

const now = Date.parse('2026-11-30T00:00:00Z');
const dayMs = 86_400_000;
const facts = {
  counters: 'segment',
  uplinks: [{ physnet: 'p', mtu: 9000 }],
  tunnel_mtu: 1600,
  certificates: [{ what: 'etcd.cert_file', ends: new Date(now + 31 * dayMs).toISOString() }],
};
const well: AgentRecord = {
  ...{ v: 1, node: 'n', agent_version: '1', vpp_version: '26.06', tunnel_address: null, physnets: ['p'] },
  ...{ layer2_physnets: [], capabilities: ['vlan', 'vxlan', 'gre', 'erspan', 'policers'], facts },
};
const onlooker: Onlooker = { now, version: '1', aheadMs: 20, portMtu: 1500 };
const withFacts = (more: object): AgentRecord => ({ ...well, facts: { ...facts, ...more } });

/** What makes each matter a problem, and what it says of it. */
const wrong: Readonly<Record<NodeMatter, readonly [AgentRecord, Onlooker, RegExp][]>> = {
  vpp: [[{ ...well, vpp_version: null }, onlooker, /not connected/]],
  plugins: [
    [{ ...well, capabilities: ['vlan', 'vxlan', 'gre', 'erspan'] }, onlooker, /26\.06 has not loaded .* policers$/],
    [
      { ...well, vpp_version: null, facts: { ...facts, vpp_lacks: 'acl_add_replace: no' } },
      onlooker,
      /acl_add_replace/,
    ],
  ],
  counters: [
    [withFacts({ counters: 'command_line', counters_problem: 'no right to look' }), onlooker, /no right to look/],
    [withFacts({ counters: 'command_line' }), onlooker, /does not say why/],
  ],
  uplinks: [[withFacts({ uplinks: [{ physnet: 'p', problem: 'it is down' }] }), onlooker, /it is down/]],
  flat_networks: [[{ ...well, layer2_physnets: ['p'] }, onlooker, /physnet p is in layer 2/]],
  certificates: [
    [withFacts({ certificates: [{ what: 'x', ends: new Date(now + 29 * dayMs).toISOString() }] }), onlooker, /29 days/],
    [withFacts({ certificates: [{ what: 'x', ends: new Date(now - 1).toISOString() }] }), onlooker, /ended on/],
    [withFacts({ certificates: [{ what: 'x', ends: 'soon' }] }), onlooker, /cannot be read/],
  ],
  mtu: [
    [well, { ...onlooker, portMtu: 9001 }, /9001 bytes: the uplink of physnet p takes 9000; .* takes 1600/],
    [well, { ...onlooker, portMtu: 1551 }, /takes 1600, and a copy has 1601 there/],
  ],
  clock: [
    [well, { ...onlooker, aheadMs: 5_001 }, /5\.0 s ahead of/],
    [well, { ...onlooker, aheadMs: -6_000 }, /6\.0 s behind/],
  ],
  release: [[well, { ...onlooker, version: '2' }, /is 1, and the server 2/]],
};

/** What has to be left out, so that a matter cannot be told. */
const { facts: _, ...silent } = well;
const untold: Readonly<Record<NodeMatter, readonly [AgentRecord, Onlooker] | null>> = {
  ...{ vpp: null, release: null },
  plugins: [{ ...well, vpp_version: null }, onlooker],
  counters: [silent, onlooker],
  uplinks: [silent, onlooker],
  flat_networks: [{ ...well, layer2_physnets: undefined } as unknown as AgentRecord, onlooker],
  certificates: [silent, onlooker],
  mtu: [well, { ...onlooker, portMtu: null }],
  clock: [well, { ...onlooker, aheadMs: null }],
};

describe.each(nodeMatters)('%s', (matter) => {
  it('is well where all is', () => {
    expect(judgeNode(well, matter, onlooker)).toEqual([]);
  });

  it('is a problem, and nothing else is', () => {
    for (const [record, by, says] of wrong[matter]) {
      expect(agentCodec.parse('/k', agentCodec.format(record))).toEqual(record);
      const told = reportNodes([record], () => by);
      expect(told.problems.map(({ about }) => about)).toEqual([matter]);
      expect(told.problems[0]?.problem).toMatch(says);
    }
  });

  it('is not well where it is not told', () => {
    const given = untold[matter];
    if (given === null) return;
    expect(judgeNode(given[0], matter, given[1])).toBeNull();
    expect(reportNodes([given[0]], () => given[1]).untold[matter]).toEqual(['n']);
  });
});

it('what a release of VPP never had is no problem of the node', () => {
  const old = { ...well, vpp_version: '20.09-release', capabilities: ['vlan', 'vxlan', 'erspan'] };
  expect(judgeNode(old, 'plugins', onlooker)).toEqual([]);
});

it('a node without tapped ports has no MTU to keep', () => {
  expect(judgeNode(withFacts({ tunnel_mtu: 40 }), 'mtu', { ...onlooker, portMtu: 0 })).toEqual([]);
});

it('an agent tells of itself what takes nobody else', () => {
  const told = reportNodes([{ ...silent, vpp_version: null }], () => onlooker, ownMatters);
  expect(Object.keys(told.untold).sort()).toEqual([...ownMatters].sort());
  expect(told.problems.map(({ about }) => about)).toEqual(['vpp']);
});

it('a report stays small, and says that there is more', () => {
  const nodes = (count: number) =>
    Array.from({ length: count }, (__, n) => ({ ...well, node: `n${n}`, vpp_version: null }));
  const full = reportNodes(nodes(100), () => onlooker, ['vpp']);
  expect([full.problems.length, full.examined, full.more]).toEqual([100, 100, false]);
  const over = reportNodes(nodes(101), () => onlooker, ['vpp']);
  expect([over.problems.length, over.examined, over.more]).toEqual([100, 101, true]);
});
