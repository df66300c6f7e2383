import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, type TestCloud } from '../test-cloud.suite.js';
import { bad, flows, makeFlow, makeService, twoProjects } from './two-projects.suite.js';

let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;
let carol: ReturnType<Replica['as']>;

beforeEach(async () => {
  ({ cloud, server } = await twoProjects());
  alice = server.as(acme);
  carol = server.as(acme, 'reader');
});
afterEach(() => cloud.stop());

const service = (port?: string, attributes?: object, as = alice) => makeService(as, port, attributes);
const flow = (to: string, port?: string, attributes?: object) => makeFlow(alice, to, port, attributes);

describe('the filter rules of a flow', () => {
  const dns = { action: 'accept', protocol: 'udp', destination_port: 53 };
  const shown = {
    ...{ action: 'accept', ethertype: null, protocol: 'udp', source_ip_prefix: null, destination_ip_prefix: null },
    ...{ source_port: null, destination_port: 53 },
  };

  it('are none unless given, shown in full, and the one attribute besides the texts that can be changed', async () => {
    const to = await service();
    const plain = await flow(to);
    expect((await alice('GET', `${flows}/${plain}`)).body.tap_flow.filter_rules).toEqual([]);
    const filtered = await flow(to, portId(3), { filter_rules: [dns] });
    expect((await alice('GET', `${flows}/${filtered}`)).body.tap_flow.filter_rules).toEqual([shown]);
    const change = { tap_flow: { filter_rules: [shown, { action: 'accept', ethertype: 'arp' }] } };
    const changed = await alice('PUT', `${flows}/${filtered}`, change);
    expect(changed.status).toBe(200);
    expect(changed.body.tap_flow.filter_rules).toMatchObject([shown, { ethertype: 'arp' }]);
    expect(changed.body.tap_flow.name).toBe('');
    expect((await carol('PUT', `${flows}/${filtered}`, change)).status).toBe(403);
  });

  it('come back as they were given, until they are given otherwise', async () => {
    const given = [
      { action: 'accept', ethertype: 'ipv4', protocol: 6, source_ip_prefix: '10.1.2.3/8', source_port: '080' },
      { action: 'reject', ethertype: 0x88cc },
      { action: 'accept', destination_ip_prefix: '2001:DB8:0::1', protocol: 'UDP', destination_port: '53:53' },
    ];
    const id = await flow(await service(), portId(3), { filter_rules: given });
    const rules = async () => (await alice('GET', `${flows}/${id}`)).body.tap_flow.filter_rules;
    expect(await rules()).toMatchObject(given);
    expect(
      (await alice('PUT', `${flows}/${id}`, { tap_flow: { name: 'n' } })).body.tap_flow.filter_rules,
    ).toMatchObject(given);
    const canonical = [{ action: 'accept', protocol: 'tcp' }];
    await alice('PUT', `${flows}/${id}`, { tap_flow: { filter_rules: canonical } });
    expect(await rules()).toMatchObject(canonical);
    const key = keys.resource('tap_flows', id);
    expect((await cloud.read(key)).get(key)?.json).not.toHaveProperty('filter_rules_given');
  });

  it('are refused whole, before anything is written, where VPP cannot do them exactly', async () => {
    const to = await service();
    const body = { tap_service_id: to, source_port: portId(2), direction: 'IN', filter_rules: [dns, { action: 'x' }] };
    const reply = await alice('POST', flows, { tap_flow: body });
    expect([reply.status, reply.body]).toEqual([
      400,
      bad("Invalid input for filter_rules. Reason: rule 1: action 'x' is not one of accept, reject"),
    ]);
    expect((await alice('GET', flows)).body.tap_flows).toEqual([]);
    expect((await alice('GET', '/v2.0/extensions/taas-flow-filter')).status).toBe(200);
  });
});
