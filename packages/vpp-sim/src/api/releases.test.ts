import { describe, expect, it } from 'vitest';
import { ReleaseApi } from './definitions.js';
import { type ReleaseName, releases } from './releases.js';

const names = Object.keys(releases) as ReleaseName[];

/** First release that has a message, and the last if it went again; of networking-vpp's own matrix and of VPP's sources. */
const since: readonly (readonly [message: string, first: ReleaseName, last?: ReleaseName])[] = [
  ['bridge_domain_add_del', '20.05'],
  ['bridge_domain_add_del_v2', '23.06'],
  ['vxlan_add_del_tunnel', '20.05'],
  ['vxlan_add_del_tunnel_v3', '21.06'],
  ['vxlan_tunnel_v2_dump', '21.06'],
  ['policer_add', '23.06'],
  ['policer_update', '23.06'],
  ['policer_dump_v2', '23.06'],
  ['get_api_json', '24.06'],
  ['gre_tunnel_add_del', '20.05'],
  ['gre_tunnel_add_del_v2', '25.10'],
  ['gre_tunnel_dump_v2', '25.10', '26.02'],
  ['gre_tunnel_v2_dump', '26.06'],
  ['l2_flags_get', '26.06'],
  ['l2_flags', '20.05'],
  ['ip_route_lookup', '20.05'],
];

/** Bits of L2 features: FWD, LEARN, ACL, POLICER_CLAS, INPUT_FEAT_ARC, SPAN. */
const bitsOf: readonly (readonly [releases: readonly ReleaseName[], bits: readonly number[]])[] = [
  [
    ['20.05', '20.09', '21.06'],
    [8, 10, 20, 21, 22, 24],
  ],
  [
    ['22.06', '23.06', '24.06', '25.10', '26.02'],
    [7, 9, 13, 14, 15, 17],
  ],
  [['26.06'], [7, 9, 14, 16, 17, 19]],
];
const features = ['FWD', 'LEARN', 'ACL', 'POLICER_CLAS', 'INPUT_FEAT_ARC', 'SPAN'];

describe('the releases of the simulator', () => {
  it.each(since.map(([message, first, last = '26.06' as const]) => ({ message, first, last })))(
    'have $message from $first to $last',
    ({ message, first, last }) => {
      const having = names.filter((name) => new ReleaseApi(releases[name]).schema().find(message) !== undefined);
      expect(having).toEqual(names.slice(names.indexOf(first), names.indexOf(last) + 1));
    },
  );

  it('have the bits of features where each release has them', () => {
    for (const [which, bits] of bitsOf)
      for (const name of which) {
        const { inputFeatures, outputFeatures } = releases[name];
        expect(features.map((feature) => inputFeatures.findIndex((each) => each.name === feature))).toEqual(bits);
        expect(outputFeatures.findIndex((each) => each.name === 'SPAN')).toBe(1);
      }
    expect(bitsOf.flatMap(([which]) => which).sort()).toEqual(names);
  });

  it('number the table of policers for layer 2 as 3 until 21.10, and as 2 since', () => {
    const numbers = names.map((name) => {
      const type = new ReleaseApi(releases[name]).schema().type('policer_classify_table');
      return type.kind === 'enum' ? type.values.get('POLICER_CLASSIFY_API_TABLE_L2') : undefined;
    });
    expect(numbers).toEqual([3, 3, 3, 2, 2, 2, 2, 2, 2]);
  });

  it('declare an answer of gre_tunnel_dump_v2 that never comes', () => {
    const schema = new ReleaseApi(releases['26.02']).schema();
    expect(schema.service('gre_tunnel_dump_v2')).toMatchObject({
      ...{ reply: 'gre_tunnel_dump_v2_reply', events: ['gre_tunnel_details_v2'] },
    });
  });

  it.each(names)('are whole: every message of %s can be read and written', (name) => {
    const schema = new ReleaseApi(releases[name]).schema();
    expect(schema.messageNames.length).toBeGreaterThan(100);
    for (const message of schema.messageNames) expect(schema.message(message).crc).toMatch(/^[0-9a-f]{8}$/);
  });
});
