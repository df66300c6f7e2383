import { expect, it } from 'vitest';
import { whyUnable } from './node-abilities.js';

const view = (capabilities: readonly string[], vpp_version: string | null = '24.06') => {
  const physnets: string[] = [];
  const facts = { v: 1 as const, node: 'n1', agent_version: '1', tunnel_address: null, physnets };
  const record = { ...facts, vpp_version, capabilities: [...capabilities] };
  return { agents: new Map([['n1', { record }]]) } as unknown as Parameters<typeof whyUnable>[0];
};

it('a node without GRE keys sends no mirrors of type gre: the reason names node, release and what to use', () => {
  const old = view(['vlan', 'vxlan', 'erspan', 'heartbeat']);
  expect(whyUnable(old, 'n1', 'gre')).toBe(
    'node n1 (VPP 24.06) cannot send tap mirrors of type gre: use mirror_type erspanv1',
  );
  expect(whyUnable(old, 'n1', 'erspanv1')).toBeNull();
});

it('what an agent of before the abilities were told can do, and one that is silent, is not refused', () => {
  expect(whyUnable(view(['heartbeat']), 'n1', 'gre')).toBeNull();
  expect(whyUnable(view(['vlan', 'gre', 'erspan']), 'n1', 'gre')).toBeNull();
  expect(whyUnable(view([]), 'n2', 'gre')).toBeNull();
});
