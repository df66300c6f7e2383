import { describe, expect, it } from 'vitest';
import { parseNetworkPage, parseSegmentRanges } from './network.js';

const provider = (type: string | null, physnet: string | null, id: unknown) => ({
  ...{ 'provider:network_type': type, 'provider:physical_network': physnet, 'provider:segmentation_id': id },
});
const networksOf = (...networks: object[]) => parseNetworkPage(JSON.stringify({ networks })).networks;

describe("Neutron's networks", () => {
  it('have the attributes of their one segment, or a list', () => {
    const several = [provider('flat', 'physnet1', null), provider('vlan', 'physnet2', '7')];
    const networks = networksOf(
      { id: 'a', ...provider('vlan', 'physnet1', 20), vlan_transparent: true },
      { id: 'b', segments: several, vlan_transparent: null },
      { id: 'c', ...provider('vxlan', null, 70_000), segments: null },
    );
    expect(networks).toEqual([
      { id: 'a', vlanTransparent: true, segments: [{ type: 'vlan', physnet: 'physnet1', id: 20 }] },
      {
        ...{ id: 'b', vlanTransparent: false },
        segments: [
          { type: 'flat', physnet: 'physnet1', id: null },
          { type: 'vlan', physnet: 'physnet2', id: 7 },
        ],
      },
      { id: 'c', vlanTransparent: false, segments: [{ type: 'vxlan', physnet: null, id: 70_000 }] },
    ]);
  });

  it('that hide what they lie on are told from those that lie on nothing', () => {
    expect(networksOf({ id: 'a' })[0]?.segments).toEqual([{ type: null, physnet: null, id: null }]);
  });

  it('are refused in any other form', () => {
    for (const body of ['', '[]', '{}', '{"networks":{}}', '{"networks":[1]}', '{"networks":[{"segments":[1]}]}'])
      expect(() => parseNetworkPage(body)).toThrow(/not what its API promises/);
  });

  it('come with ranges, whose missing bounds are none', () => {
    const ranges = [{ network_type: 'vlan', physical_network: 'p', minimum: 1, maximum: 9 }, { network_type: 'vlan' }];
    expect(parseSegmentRanges(JSON.stringify({ network_segment_ranges: ranges }))).toEqual([
      { type: 'vlan', physnet: 'p', first: 1, last: 9 },
      { type: 'vlan', physnet: null, first: 0, last: Number.MAX_SAFE_INTEGER },
    ]);
  });
});
