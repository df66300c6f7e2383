import { resourceKinds } from '@taas/model';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import Format from 'typebox/format';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attributes } from '../taps/tap-kinds.js';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

let cloud: TestCloud;
let server: Replica;
beforeAll(async () => {
  cloud = new TestCloud();
  server = await cloud.replica();
});
afterAll(() => cloud.stop());

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.uuid(),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('IN', 'BOTH', 'gre', 'erspanv1', '1-4,7', '9\n', '', ' ', null, true),
  fc.dictionary(
    fc.constantFrom('IN', 'OUT', 'BOTH', 'UP'),
    fc.oneof(fc.integer(), fc.constantFrom('5', 'x', 1.5, null)),
  ),
);

describe('the description of the API', () => {
  it('says of a value what the check says', () => {
    expect(Format.IsIPv4('1.2.3.4')).toBe(true);
    for (const kind of resourceKinds) {
      for (const [name, { type }] of Object.entries(attributes[kind])) {
        const schema = Compile(type.schema);
        fc.assert(
          fc.property(value, (given) => {
            const passes = type.check(given) === null;
            // Other spellings of a UUID are taken for one that names nothing, which no schema needs to tell.
            if (type.schema['format' as keyof typeof type.schema] === 'uuid' && passes && !schema.Check(given)) return;
            expect([name, given, schema.Check(given)]).toEqual([name, given, passes]);
          }),
        );
      }
    }
  });

  it('allows every rule of a filter that the check allows, and refuses what is none by its form', () => {
    const { type } = attributes.tap_flows['filter_rules'] ?? {};
    if (!type) throw new Error('a tap flow has no filter rules');
    const schema = Compile(type.schema);
    const given = fc.record(
      {
        action: fc.constantFrom('accept', 'reject'),
        ethertype: fc.constantFrom('IPv4', 'ipv6', 'ARP', '0x88CC', 0x88cc, null),
        protocol: fc.constantFrom('tcp', 'UDP', 58, '47', null),
        source_ip_prefix: fc.constantFrom('10.0.0.0/8', 'fd00::/8', '1.2.3.4', null),
        destination_port: fc.constantFrom(80, '80', '80:90', null),
      },
      { requiredKeys: ['action'] },
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(given, { maxLength: 2 }), (rules) => {
        if (type.check(rules) !== null) return;
        accepted += rules.length;
        expect(schema.Check(rules)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(50);
    for (const wrong of [
      {},
      [{}],
      [{ action: 'drop' }],
      [{ action: 'accept', more: 1 }],
      [{ action: 'accept', ethertype: 5 }],
    ])
      expect([wrong, schema.Check(wrong)]).toEqual([wrong, false]);
  });

  it('is served to anybody, and holds for what the API shows', async () => {
    const { status, body } = await server.request('GET', '/v2.0/taas/openapi.json', undefined, {});
    expect(status).toBe(200);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/v2.0/taas/tap_mirrors', '/v2.0/taas/tap_flows/{id}', '/v2.0/quotas/{project_id}']),
    );
    const references = JSON.stringify(body).match(/#\/components\/schemas\/\w+/g) ?? [];
    for (const reference of new Set(references)) {
      expect(Object.keys(body.components.schemas)).toContain(reference.split('/').at(-1));
    }
    const made = await server.as(acme)('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1) } });
    const shown = Object.keys(made.body.tap_service).sort();
    expect(Object.keys(body.components.schemas.tap_service.properties).sort()).toEqual(shown);
    expect(body.components.schemas.new_tap_flow.required).toEqual(['tap_service_id', 'source_port', 'direction']);
    expect(Object.keys(body.components.schemas.changed_tap_mirror.properties)).toEqual([
      ...['name', 'description', 'expires_at', 'reason'],
    ]);
  });
});
