import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keys, parseKey } from './keys.js';

const name = fc.stringMatching(/^[a-z0-9._-]{1,20}$/);
const kind = fc.constantFrom('tap_services' as const, 'tap_flows' as const);
const segment = fc.oneof(
  fc.record({
    type: fc.constant('vlan' as const),
    physnet: name.filter((n) => n !== '-'),
    id: fc.integer({ min: 1, max: 4094 }),
  }),
  fc.record({
    type: fc.constant('vxlan' as const),
    physnet: fc.constant(null),
    id: fc.integer({ min: 1, max: 0xffffff }),
  }),
);

describe('keys', () => {
  it('parse back to what they were made of', () => {
    fc.assert(
      fc.property(name, kind, fc.uuid(), segment, (node, kind, id, segment) => {
        expect(parseKey(keys.resource(kind, id))).toEqual({ is: 'resource', kind, id });
        expect(parseKey(keys.nodeResource(node, kind, id))).toEqual({ is: 'node-resource', node, kind, id });
        expect(parseKey(keys.stateResource(node, kind, id))).toEqual({ is: 'state-resource', node, kind, id });
        expect(parseKey(keys.resource('tap_mirrors', id))).toEqual({ is: 'resource', kind: 'tap_mirrors', id });
        expect(parseKey(keys.captureLease(node, id))).toEqual({ is: 'capture-lease', node, service: id });
        expect(parseKey(keys.statistics(node, kind, id))).toEqual({ is: 'statistics', node, kind, id });
        expect(parseKey(keys.statisticsRequest(node, kind, id))).toEqual({ is: 'statistics-request', node, kind, id });
        expect(parseKey(keys.statisticsTotals(kind, id))).toEqual({ is: 'statistics-totals', kind, id });
        expect(parseKey(keys.agent(node))).toEqual({ is: 'agent', node });
        expect(parseKey(keys.portBinding(id))).toEqual({ is: 'port-binding', port: id });
        expect(parseKey(keys.underlay(node))).toEqual({ is: 'underlay', node });
        expect(parseKey(keys.portRole(id))).toEqual({ is: 'port-role', port: id });
        expect(parseKey(keys.segment(segment))).toEqual({ is: 'segment', segment });
        expect(parseKey(keys.boundPort(node, id))).toEqual({ is: 'bound-port', node, port: id });
        expect(parseKey(keys.boundTrunk(node, id))).toEqual({ is: 'bound-trunk', node, port: id });
      }),
    );
  });

  it('keep projects of any name apart', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(0xffffffff), (project, id) => {
        expect(parseKey(keys.quota(project))).toEqual({ is: 'quota', project });
        expect(parseKey(keys.server(project))).toEqual({ is: 'server', name: project });
        expect(parseKey(keys.tunnelId(project, id))).toEqual({ is: 'tunnel-id', project, id });
        const admission = { is: 'admission', project, kind: 'tap_mirrors' };
        expect(parseKey(keys.admission(project, 'tap_mirrors'))).toEqual(admission);
      }),
    );
  });

  it("leaves networking-vpp's other keys and strange ones alone", () => {
    for (const key of [
      '/networking-vpp/nodes/n1/routers/r1',
      '/networking-vpp/nodes/n1/ports/p1/deeper',
      '/networking-vpp/state/n1/ports/p1',
      '/networking-vpp/state/n1/taas/agent/x',
      '/networking-vpp/taas/tap_services/',
      '/networking-vpp/taas/segments/vlan/p/12x',
      '/networking-vpp/taas/quotas/%zz',
      '/networking-vpp/nodes/n1/taas/statistics/tap_flows/not-an-id',
      '/networking-vpp/nodes/n1/taas/statistics/tap_sinks/00000000-0000-4000-8000-000000000000',
      '/networking-vpp/taas/n1/taas/statistics/tap_flows/00000000-0000-4000-8000-000000000000',
      '/networking-vpp/taas/tunnel_ids/p/x',
      '/networking-vpp/nodes/n1/taas/tap_sinks/x',
      '/networking-vpp/global/secgroups/s1',
      '/other',
      '',
    ])
      expect(parseKey(key)).toEqual({ is: 'other' });
  });
});
