import type { NetworkSegment, NeutronNetwork } from '@taas/neutron';
import { describe, expect, it } from 'vitest';
import { judgeVlans } from './judge-vlans.js';

const reserved = { physnet: 'physnet1', first: 3900, last: 3999 };
const network = (segments: readonly Partial<NetworkSegment>[], vlanTransparent = false): NeutronNetwork => ({
  ...{ id: 'network-1', vlanTransparent },
  segments: segments.map((segment) => ({ type: 'vlan', physnet: 'physnet1', id: 20, ...segment })),
});
const harmless = network([{}]);
const judge = (...networks: NeutronNetwork[]) => judgeVlans(reserved, [harmless, ...networks], null);

describe('reserved VLANs', () => {
  it('are for TaaS alone beside networks of other VLANs, of tunnels and of other physnets', () => {
    const tunnel = network([{ type: 'vxlan', physnet: null, id: 3950 }]);
    const flatElsewhere = network([{ type: 'flat', physnet: 'physnet2', id: null }]);
    const clashElsewhere = network([{ physnet: 'physnet2', id: 3950 }], true);
    expect(judge(tunnel, flatElsewhere, clashElsewhere, network([{ type: 'local', physnet: null, id: null }]))).toBe(
      null,
    );
    expect(judge(network([{ id: 3899 }]), network([{ id: 4000 }]))).toBe(null);
  });

  it.each([
    ['a flat network', network([{ type: 'flat', id: null }]), /of type flat on physnet physnet1/],
    ['a flat segment among several', network([{}, { type: 'flat', id: null }]), /of type flat/],
    ['the first VLAN', network([{ id: 3900 }]), /VLAN 3900/],
    ['the last VLAN', network([{ id: 3999 }]), /VLAN 3999/],
    ['a VLAN in one segment of several', network([{ physnet: 'physnet2' }, { id: 3950 }]), /VLAN 3950/],
    ['a VLAN-transparent network', network([{}], true), /VLAN-transparent/],
    ['a type that nobody knows', network([{ type: 'new', id: 3 }]), /of type new/],
    ['provider attributes that are not shown', network([{ type: null, physnet: null, id: null }]), /role admin/],
    ['a physnet that is not shown', network([{ physnet: null }]), /does not say on which physnet/],
    ['a VLAN that is not shown', network([{ id: null }]), /does not say which/],
  ])('are not with %s', (_what, other, why) => {
    expect(judge(other)).toMatch(why);
  });

  it('are not where Neutron shows no network at all: it may hide them', () => {
    expect(judgeVlans(reserved, [], null)).toMatch(/shows no networks/);
  });

  it('are not where Neutron will give them out later', () => {
    const range = (first: number, last: number, physnet: string | null = 'physnet1', type = 'vlan') =>
      judgeVlans(reserved, [harmless], [{ type, physnet, first, last }]);
    expect(range(100, 3900)).toMatch(/100-3900/);
    expect(range(3950, 3960)).toMatch(/overlap/);
    expect(range(1, 4094, null)).toMatch(/overlap/);
    expect([range(100, 3899), range(1, 4094, 'physnet2'), range(1, 9999, null, 'vxlan')]).toEqual([null, null, null]);
  });
});
