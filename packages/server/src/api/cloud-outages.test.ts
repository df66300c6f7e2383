import { createTokenValidator, keystoneUnavailable } from '@taas/keystone';
import { neutronUnavailable } from '@taas/neutron';
import { createPolicy, defaultRules, loadPolicyFile } from '@taas/policy';
import { fixed, silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keystoneAuthenticator } from '../auth/keystone.js';
import { FakeKeystone } from '../conformance/fake-cloud.suite.js';
import type { PortDirectory } from '../taps/admission/port-directory.js';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
let cloud: TestCloud;
beforeEach(() => {
  cloud = new TestCloud();
});
afterEach(() => cloud.stop());

const keystone = () =>
  new FakeKeystone({
    alice: { project: acme, roles: ['member', 'reader'] },
    late: { project: acme, roles: ['member', 'reader'] },
    auditor: { project: umbrella, roles: ['auditor'] },
    credential: {
      ...{ project: acme, roles: ['member', 'reader'] },
      accessRules: [{ service: 'network', method: 'GET', path: '/v2.0/taas/**' }],
    },
    elsewhere: {
      ...{ project: acme, roles: ['member', 'reader'] },
      accessRules: [{ service: 'compute', method: 'POST', path: '/v2.0/taas/**' }],
    },
    unscoped: { project: null, roles: [] },
    system: { project: null, roles: ['admin', 'member', 'reader'], system: true },
  });

function authenticator(fake: FakeKeystone, maxAgeMs = 60_000) {
  const serviceTokens = { get: async () => 'service', invalidate: () => undefined };
  const request: FakeKeystone['request'] = async (...args) => {
    if (!fake.up) throw keystoneUnavailable('no-answer', 'no answer: ECONNREFUSED 10.1.2.3', 3000);
    return fake.request(...args);
  };
  const cache = { maxAgeMs, refreshAfterMs: maxAgeMs };
  const common = { keystone: { request }, serviceTokens, clock: systemClock, logger: silentLogger };
  return keystoneAuthenticator(createTokenValidator({ ...common, cache }), 'Keystone uri="x"');
}

const as = (server: Replica, token: string) => (method: string, url: string, body?: unknown) =>
  server.request(method, url, body, { 'x-auth-token': token });
const tap = { tap_service: { port_id: portId(1) } };

describe('when Keystone does not answer', () => {
  it('tokens that it knew lately go on working, and others are a 503 that names nothing inside', async () => {
    const fake = keystone();
    const server = await cloud.replica({ authenticator: authenticator(fake) });
    expect((await as(server, 'alice')('POST', services, tap)).status).toBe(201);
    fake.up = false;
    expect((await as(server, 'alice')('GET', services)).body.tap_services).toHaveLength(1);
    const reply = await as(server, 'late')('GET', services);
    expect(reply).toMatchObject({
      status: 503,
      headers: { 'retry-after': '3', 'x-openstack-request-id': expect.stringMatching(/^req-/) },
      body: { NeutronError: { message: 'Keystone does not answer at the moment: try again.' } },
    });
    fake.up = true;
    expect((await as(server, 'late')('GET', services)).status).toBe(200);
  });

  it('a revoked token ends with the bound on its age', async () => {
    const fake = keystone();
    const server = await cloud.replica({ authenticator: authenticator(fake, 0) });
    expect((await as(server, 'alice')('GET', services)).status).toBe(200);
    fake.revoked.add('alice');
    expect((await as(server, 'alice')('GET', services)).status).toBe(401);
  });
});

describe('when Neutron does not answer', () => {
  it('taps are shown and deleted, none is made, and none is taken away', async () => {
    let up = true;
    const ports: PortDirectory = {
      lookup: async () => {
        if (!up) throw neutronUnavailable('timeout', 'nothing in 10 s', null);
        return { is: 'known', projectId: acme, visible: true };
      },
    };
    const server = await cloud.replica({ ports });
    const alice = server.as(acme);
    const made = await alice('POST', services, tap);
    up = false;
    expect(await alice('POST', services, tap)).toMatchObject({
      status: 503,
      body: { NeutronError: { message: 'Neutron does not answer at the moment: try again.' } },
    });
    expect((await alice('GET', services)).body.tap_services).toHaveLength(1);
    expect((await alice('DELETE', `${services}/${made.body.tap_service.id}`)).status).toBe(204);
  });
});

describe('an application credential with access rules', () => {
  it('is good for what they allow, however the path is spelled, and a 401 for the rest', async () => {
    const server = await cloud.replica({ authenticator: authenticator(keystone()) });
    const made = await as(server, 'alice')('POST', services, tap);
    const one = `${services}/${made.body.tap_service.id}`;
    for (const path of [services, one]) expect((await as(server, 'credential')('GET', path)).status).toBe(200);
    for (const [method, path, body] of [
      ['POST', services, tap],
      ['PUT', one, { tap_service: { name: 'x' } }],
      ['DELETE', one],
      ['GET', '/v2.0/tap_services'],
      ['GET', `/v2.0/quotas/${acme}`],
      // As any other method it would be answered as a GET.
      ['OPTIONS', services],
    ] as const) {
      const reply = await as(server, 'credential')(method, path, body);
      expect([method, path, reply.status]).toEqual([method, path, 401]);
      expect(reply.headers['www-authenticate']).toBe('Keystone uri="x"');
    }
    expect((await as(server, 'elsewhere')('POST', services, tap)).status).toBe(401);
    expect((await as(server, 'alice')('GET', services)).body.tap_services).toHaveLength(1);
  });
});

describe('the policy', () => {
  const rules = (text: string) => createPolicy({ defaults: defaultRules, overrides: loadPolicyFile(text) });

  it('refuses tokens of the system by default and treats those without a project as Neutron does', async () => {
    const server = await cloud.replica({ authenticator: authenticator(keystone()) });
    await as(server, 'alice')('POST', services, tap);
    for (const token of ['unscoped', 'system']) {
      expect((await as(server, token)('GET', services)).body).toEqual({ tap_services: [] });
      expect((await as(server, token)('POST', services, tap)).body.NeutronError.message).toBe(
        'Running without keystone AuthN requires that tenant_id is specified',
      );
    }
    const named = { tap_service: { port_id: portId(1), project_id: acme } };
    expect((await as(server, 'system')('POST', services, named)).status).toBe(403);
    const open = await cloud.replica({
      authenticator: authenticator(keystone()),
      rules: fixed(createPolicy({ defaults: defaultRules, enforceScope: false })),
    });
    expect((await as(open, 'system')('GET', services)).body.tap_services).toHaveLength(1);
  });

  it('is the operator’s to change', async () => {
    const text = '"get_tap_service": "role:auditor or rule:admin_or_owner"\n"create_tap_service": "!"\n';
    const server = await cloud.replica({ authenticator: authenticator(keystone()), rules: fixed(rules(text)) });
    expect(await as(server, 'alice')('POST', services, tap)).toMatchObject({
      status: 403,
      body: { NeutronError: { message: 'rule:create_tap_service is disallowed by policy' } },
    });
    expect((await as(server, 'auditor')('GET', services)).status).toBe(200);
  });

  it('tells a stranger that there is nothing, and a reader of the same project that they may not', async () => {
    const server = await cloud.replica();
    const made = await server.as(acme)('POST', services, tap);
    const path = `${services}/${made.body.tap_service.id}`;
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { tap_service: { name: 'x' } } : undefined;
      expect((await server.as(umbrella)(method, path, body)).status).toBe(404);
      expect((await server.as(acme, 'reader')(method, path, body)).status).toBe(method === 'GET' ? 200 : 403);
    }
  });
});

describe('a project that sends too much', () => {
  it('is told to wait, and others are not', async () => {
    const server = await cloud.replica({ rate: { perSecond: 0.5, burst: 2 } });
    const [alice, bob] = [server.as(acme), server.as(umbrella)];
    expect([(await alice('GET', services)).status, (await alice('GET', services)).status]).toEqual([200, 200]);
    expect(await alice('GET', services)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '2' },
      body: { NeutronError: { type: 'HTTPTooManyRequests' } },
    });
    expect((await bob('GET', services)).status).toBe(200);
  });
});
