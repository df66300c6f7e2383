import { keys } from '@taas/model';
import { systemClock } from '@taas/service';
import type { Store } from '@taas/store';
import { afterEach, describe, expect, it } from 'vitest';
import { noTerms, type TapTerms } from '../taps/terms/tap-terms.js';
import { acme, jittery, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const flows = '/v2.0/taas/tap_flows';
const hour = 3_600_000;
let cloud: TestCloud;
let server: Replica;
let shift = 0;
afterEach(async () => {
  shift = 0;
  await cloud.stop();
});

async function start(terms: Partial<TapTerms> = {}) {
  cloud = new TestCloud();
  for (let n = 1; n <= 3; n++) await cloud.bind('node1', portId(n), acme);
  await cloud.bind('node1', portId(7), umbrella);
  await cloud.agent('node1');
  const clock = { ...systemClock, now: () => systemClock.now() + shift };
  server = await cloud.replica({ terms: { ...noTerms, ...terms }, clock });
  await cloud.lead(server);
}

const as =
  (user: string, project = acme, roles = 'member') =>
  (method: string, url: string, body?: unknown) =>
    server.request(method, url, body, { 'x-project-id': project, 'x-roles': roles, 'x-user-id': user });
const ann = as('ann');
const bob = as('bob');

async function collector(more: object = {}) {
  const made = await ann('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1), ...more } });
  expect(made.status).toBe(201);
  return made.body.tap_service;
}

async function newFlow(more: object = {}, by = ann) {
  const { id } = await collector();
  const wanted = { tap_service_id: id, source_port: portId(2), direction: 'IN', ...more };
  return by('POST', flows, { tap_flow: wanted });
}

const told = async (id: string) => {
  await cloud.converge(['node1']);
  return (await cloud.nodeRecords()).has(keys.nodeResource('node1', 'tap_flows', id));
};
const show = async (id: string) => {
  await cloud.converge(['node1']);
  return (await ann('GET', `${flows}/${id}`)).body.tap_flow;
};
/** Agrees to a tap as it is now. */
const approved = async (by: ReturnType<typeof as>, url: string) => {
  const seen = (await by('GET', url)).body;
  const [resource, { consent_to }] = Object.entries(seen)[0] as [string, { consent_to?: string }];
  return by(
    'PUT',
    `${url}/approve`,
    resource === 'NeutronError' ? { tap_flow: { consent_to: '' } } : { [resource]: { consent_to } },
  );
};
const at = (ms: number) => new Date(ms).toISOString();

describe('the end of a tap', () => {
  it('is shown as it was given, renewed by PUT, and taken away again; who gives none has none', async () => {
    await start();
    const none = await collector();
    expect(none).toMatchObject({ expires_at: null, reason: '' });
    const given = '2126-11-30T10:00:00+01:00';
    const wanted = { tap_service_id: none.id, source_port: portId(2), direction: 'IN', expires_at: given };
    const made = (await ann('POST', flows, { tap_flow: wanted })).body.tap_flow;
    expect(made).toMatchObject({ expires_at: given, consent: 'not_needed', agreed_by: null });
    const change = (expires_at: unknown) => ann('PUT', `${flows}/${made.id}`, { tap_flow: { expires_at } });
    expect((await change('2126-12-01T00:00:00.000Z')).body.tap_flow.expires_at).toBe('2126-12-01T00:00:00.000Z');
    expect((await ann('PUT', `${flows}/${made.id}`, { tap_flow: { name: 'n' } })).body.tap_flow.expires_at).toBe(
      '2126-12-01T00:00:00.000Z',
    );
    expect((await change(null)).body.tap_flow.expires_at).toBeNull();
    const key = keys.resource('tap_flows', made.id);
    expect(Object.keys((await cloud.read(key)).get(key)?.json ?? {})).not.toContain('expires_at');
    for (const wrong of ['tomorrow', '2126-02-30T00:00:00Z', '2126-12-01T00:00:00', 5, '1999-01-01T00:00:00Z', {}])
      expect((await change(wrong)).status).toBe(400);
    expect((await show(made.id)).expires_at).toBeNull();
  });

  it('is the usual one of the operator, and no later than the last', async () => {
    await start({ usualMs: hour, longestMs: 2 * hour });
    const { expires_at, id } = await collector();
    expect(Math.abs(Date.parse(expires_at ?? '') - Date.now() - hour)).toBeLessThan(60_000);
    const change = (end: unknown) => ann('PUT', `/v2.0/taas/tap_services/${id}`, { tap_service: { expires_at: end } });
    expect((await change(null)).status).toBe(400);
    expect((await change(at(Date.now() + 3 * hour))).status).toBe(400);
    expect((await change(at(Date.now() + 1.5 * hour))).status).toBe(200);
    // Renewed once more, from then on.
    shift = hour;
    expect((await change(at(Date.now() + 2.5 * hour))).status).toBe(200);
  });

  it('that is near is a warning in the status of a tap that is ACTIVE, in lists too', async () => {
    await start();
    const made = (await newFlow({ expires_at: at(Date.now() + 2 * hour) })).body.tap_flow;
    expect(await show(made.id)).toMatchObject({ status: 'ACTIVE', status_reason: '' });
    shift = 1.5 * hour;
    expect(await show(made.id)).toMatchObject({
      ...{ status: 'ACTIVE', status_code: 'expires_soon' },
      status_reason: expect.stringMatching(/^it ends at 2/),
    });
    expect((await ann('GET', flows)).body.tap_flows).toMatchObject([{ status_code: 'expires_soon' }]);
    // Later itself, but not its tap service.
    await ann('PUT', `${flows}/${made.id}`, { tap_flow: { expires_at: at(Date.now() + 9 * hour) } });
    expect((await show(made.id)).status_code).not.toBe('expires_soon');
    const service = { expires_at: at(Date.now() + 2 * hour) };
    const [its] = (await ann('GET', '/v2.0/taas/tap_services')).body.tap_services;
    await ann('PUT', `/v2.0/taas/tap_services/${its?.id}`, { tap_service: service });
    expect((await show(made.id)).status_reason).toMatch(/^it ends with its tap service at 2/);
    expect((await ann('GET', flows)).body.tap_flows).toMatchObject([{ status_code: 'expires_soon' }]);
  });
});

describe('the reason of a tap', () => {
  it('is asked for where the operator wants one, of captures too, and taken from the description of clients that know none', async () => {
    await start({ reasonRequired: true });
    const refused = await ann('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1) } });
    expect([refused.status, refused.body.NeutronError.message]).toEqual([400, expect.stringContaining('reason')]);
    const capture = await ann('POST', '/v2.0/taas/captures', { capture: { source_ports: [portId(2)] } });
    expect([capture.status, capture.body.NeutronError.message]).toEqual([400, expect.stringContaining('reason')]);
    expect(await collector({ description: 'INC-7' })).toMatchObject({ reason: 'INC-7', description: 'INC-7' });
  });

  it("is shown to the port's owner, with the end and the consent", async () => {
    await start({ consent: 'others' });
    const end = at(Date.now() + hour);
    const mirror = { port_id: portId(2), mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { IN: 7 } };
    const root = as('root', 'ops', 'admin');
    const made = await root('POST', '/v2.0/taas/tap_mirrors', {
      tap_mirror: { ...mirror, project_id: acme, reason: 'INC-9', expires_at: end },
    });
    expect(made.status).toBe(201);
    const { tapped_by } = (await ann('GET', `/v2.0/taas/tapped_ports/${portId(2)}`)).body.tapped_port;
    expect(tapped_by).toMatchObject([{ reason: 'INC-9', expires_at: end, consent: 'waiting', agreed_by: null }]);
  });
});

describe('a tap that needs consent', () => {
  it('configures nothing until somebody else of the project of the port agrees, and then works', async () => {
    await start({ consent: 'always' });
    const { id, consent, requested_by } = (await newFlow()).body.tap_flow;
    expect([consent, requested_by]).toEqual(['waiting', ['ann']]);
    expect(await told(id)).toBe(false);
    expect(await show(id)).toMatchObject({ status: 'PENDING_CREATE', status_code: 'waiting_for_consent' });
    const approve = (by: ReturnType<typeof as>) => approved(by, `${flows}/${id}`);
    const alone = await approve(ann);
    expect([alone.status, alone.body.NeutronError.type]).toEqual([409, 'TapConsentBySame']);
    expect((await approve(as('eve', umbrella))).status).toBe(404);
    expect((await approve(as('rita', acme, 'reader'))).status).toBe(403);
    // The administrator may be who has asked for it.
    expect((await approve(as('root', 'ops', 'admin'))).status).toBe(403);
    expect((await bob('POST', `${flows}/${id}/approve`)).status).toBe(405);
    expect((await bob('PUT', `${flows}/${id}/approve`)).status).toBe(400);
    for (const wrong of [{}, { consent_to: 5 }, { consent_to: 'a', name: 'n' }, []])
      expect((await bob('PUT', `${flows}/${id}/approve`, { tap_flow: wrong })).status).toBe(400);
    expect(await told(id)).toBe(false);
    expect((await approve(bob)).body.tap_flow).toMatchObject({ consent: 'given', agreed_by: 'bob' });
    expect(await told(id)).toBe(true);
    expect(await show(id)).toMatchObject({ status: 'ACTIVE', status_reason: '' });
    // Once is enough, and whoever comes later is not who has agreed.
    expect((await approve(as('cat'))).body.tap_flow.agreed_by).toBe('bob');
  });

  it('is agreed to as it was seen, and as nothing else, also where it changes in between', async () => {
    await start({ consent: 'always' });
    const dns = [{ action: 'accept', protocol: 'tcp', destination_port: '53' }];
    const made = (await newFlow({ filter_rules: dns, expires_at: at(Date.now() + hour) })).body.tap_flow;
    const url = `${flows}/${made.id}`;
    const { consent_to } = (await bob('GET', url)).body.tap_flow;
    expect(consent_to).toBe(made.consent_to);
    const approve = () => bob('PUT', `${url}/approve`, { tap_flow: { consent_to } });
    for (const tap_flow of [{ filter_rules: [] }, { expires_at: null }, { reason: 'another' }]) {
      expect((await ann('PUT', url, { tap_flow })).status).toBe(200);
      const refused = await approve();
      expect([refused.status, refused.body.NeutronError?.type]).toEqual([409, 'TapConsentToOther']);
    }
    expect((await ann('GET', url)).body.tap_flow.consent).toBe('waiting');
    const { expires_at } = made;
    expect((await ann('PUT', url, { tap_flow: { filter_rules: dns, expires_at, reason: '' } })).status).toBe(200);
    // What nobody agrees to may change.
    expect((await ann('PUT', url, { tap_flow: { name: 'n' } })).body.tap_flow.consent_to).toBe(consent_to);
    // Between the look and the write.
    const client = cloud.store.client();
    let isFirst = true;
    const store: Store = {
      ...jittery(client, () => 0),
      transact: async (...all) => {
        if (isFirst) expect((await ann('PUT', url, { tap_flow: { filter_rules: [] } })).status).toBe(200);
        isFirst = false;
        return client.transact(...all);
      },
    };
    const other = await cloud.replica({ store, terms: { ...noTerms, consent: 'always' } });
    const who = { 'x-project-id': acme, 'x-roles': 'member', 'x-user-id': 'bob' };
    const late = await other.request('PUT', `${url}/approve`, { tap_flow: { consent_to } }, who);
    expect([late.status, isFirst]).toEqual([409, false]);
    expect((await ann('GET', url)).body.tap_flow).toMatchObject({ consent: 'waiting', filter_rules: [] });
  });

  it('copies nothing more than was agreed to, and no longer', async () => {
    await start({ consent: 'always' });
    const { id } = (await newFlow({ expires_at: at(Date.now() + hour) })).body.tap_flow;
    expect((await approved(bob, `${flows}/${id}`)).status).toBe(200);
    expect(await told(id)).toBe(true);
    const change = (by: ReturnType<typeof as>, tap_flow: object) => by('PUT', `${flows}/${id}`, { tap_flow });
    const longer = { expires_at: at(Date.now() + 2 * hour) };
    const refused = await change(ann, longer);
    expect([refused.status, refused.body.NeutronError.type]).toEqual([409, 'TapConsentExceeded']);
    expect((await change(bob, longer)).body.tap_flow).toMatchObject({ consent: 'given', ...longer });
    expect((await change(ann, { name: 'n' })).body.tap_flow.consent).toBe('given');
    const rules = [{ action: 'accept', protocol: 'tcp' }];
    expect((await change(ann, { filter_rules: rules })).body.tap_flow).toMatchObject({
      consent: 'waiting',
      agreed_by: null,
    });
    await cloud.converge(['node1']);
    expect(await told(id)).toBe(false);
    expect((await approved(bob, `${flows}/${id}`)).status).toBe(200);
    expect(await told(id)).toBe(true);
  });

  it('is a tap mirror too, and one of another project alone where the operator says so; a tap service is none', async () => {
    await start({ consent: 'others' });
    const mirror = { port_id: portId(2), mirror_type: 'gre', remote_ip: '198.51.100.9', project_id: acme };
    const make = (by: ReturnType<typeof as>, tunnel: number) =>
      by('POST', '/v2.0/taas/tap_mirrors', { tap_mirror: { ...mirror, directions: { IN: tunnel } } });
    expect((await make(ann, 1)).body.tap_mirror.consent).toBe('not_needed');
    const foreign = (await make(as('root', 'ops', 'admin'), 2)).body.tap_mirror;
    expect(foreign.consent).toBe('waiting');
    const published = async () => {
      await cloud.converge(['node1']);
      return (await cloud.nodeRecords()).has(keys.nodeResource('node1', 'tap_mirrors', foreign.id));
    };
    expect(await published()).toBe(false);
    expect((await ann('GET', `/v2.0/taas/tap_mirrors/${foreign.id}`)).body.tap_mirror).toMatchObject({
      ...{ status: 'PENDING_CREATE', status_code: 'waiting_for_consent' },
    });
    expect((await approved(ann, `/v2.0/taas/tap_mirrors/${foreign.id}`)).status).toBe(200);
    expect(await published()).toBe(true);
    const service = await collector();
    expect('consent' in service).toBe(false);
    expect((await bob('PUT', `/v2.0/taas/tap_services/${service.id}/approve`)).status).toBe(404);
  });

  it('goes as any other when its user deletes it', async () => {
    await start({ consent: 'always' });
    const { id } = (await newFlow()).body.tap_flow;
    expect((await ann('DELETE', `${flows}/${id}`)).status).toBe(204);
    expect((await ann('GET', `${flows}/${id}`)).status).toBe(404);
  });
});
