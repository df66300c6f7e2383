import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, type Reply, TestCloud, umbrella } from '../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
const flows = '/v2.0/taas/tap_flows';
const nobody = '11111111-1111-4111-8111-111111111111';

let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;
let bob: ReturnType<Replica['as']>;
let carol: ReturnType<Replica['as']>;
let admin: ReturnType<Replica['as']>;

beforeEach(async () => {
  cloud = new TestCloud();
  for (let n = 1; n <= 8; n++) await cloud.bind('node1', portId(n), acme);
  for (let n = 11; n <= 18; n++) await cloud.bind('node1', portId(n), umbrella);
  server = await cloud.replica();
  alice = server.as(acme);
  bob = server.as(umbrella);
  carol = server.as(acme, 'reader');
  admin = server.as('operations', 'admin,member');
});
afterEach(() => cloud.stop());

const error = (type: string, message: string) => ({ NeutronError: { type, message, detail: '' } });
const bad = (message: string) => error('HTTPBadRequest', message);

async function service(port = portId(1), attributes: object = {}, as = alice): Promise<string> {
  const reply = await as('POST', services, { tap_service: { port_id: port, ...attributes } });
  expect(reply.status).toBe(201);
  return reply.body.tap_service.id;
}

async function flow(to: string, port = portId(2), attributes: object = {}): Promise<string> {
  const body = { tap_flow: { tap_service_id: to, source_port: port, direction: 'BOTH', ...attributes } };
  const reply = await alice('POST', flows, body);
  expect(reply.status).toBe(201);
  return reply.body.tap_flow.id;
}

describe('tap services and tap flows', () => {
  it('are created, shown, changed and deleted with Neutron’s bodies', async () => {
    const created = await alice('POST', services, { tap_service: { name: 'a', description: 'd', port_id: portId(1) } });
    expect(created.status).toBe(201);
    const { id } = created.body.tap_service;
    expect(created.body).toEqual({
      tap_service: {
        ...{ id, tenant_id: acme, name: 'a', description: 'd', port_id: portId(1), status: 'DOWN', project_id: acme },
        status_reason: 'accepted; no node has been told yet',
        status_code: 'not_published',
      },
    });
    expect(created.headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(created.headers['content-type']).toBe('application/json');
    expect(created.headers['location']).toBeUndefined();

    const made = await alice('POST', flows, {
      tap_flow: { tap_service_id: id, source_port: portId(2), direction: 'IN' },
    });
    expect(made.status).toBe(201);
    expect(made.body.tap_flow).toMatchObject({
      ...{ tenant_id: acme, project_id: acme, tap_service_id: id, name: '', description: '', source_port: portId(2) },
      ...{ direction: 'IN', status: 'DOWN', vlan_filter: null },
    });

    const shown = await alice('GET', `${services}/${id}`);
    expect(shown).toMatchObject({ status: 200, body: { tap_service: { id, name: 'a', status: 'DOWN' } } });
    const renamed = await alice('PUT', `${services}/${id}`, { tap_service: { name: 'b' } });
    expect(renamed).toMatchObject({ status: 200, body: { tap_service: { name: 'b', description: 'd' } } });
    const same = await alice('PUT', `${services}/${id}`, { tap_service: {} });
    expect(same).toMatchObject({ status: 200, body: { tap_service: { name: 'b' } } });

    const gone = await alice('DELETE', `${services}/${id}`);
    expect(gone).toMatchObject({ status: 204, body: null });
    const again = await alice('DELETE', `${services}/${id}`);
    expect(again).toMatchObject({
      status: 404,
      body: error('TapServiceNotFound', `Tap Service  ${id} does not exist`),
    });
    // No node had been told: the flows went with it.
    expect((await alice('GET', flows)).body).toEqual({ tap_flows: [] });
  });

  it('are created in bulk, all or none', async () => {
    const two = await alice('POST', services, {
      tap_services: [{ port_id: portId(1), name: 'x' }, { tap_service: { port_id: portId(1), name: 'y' } }],
    });
    expect(two.status).toBe(201);
    expect(two.body.tap_services.map((item: { name: string }) => item.name)).toEqual(['x', 'y']);
    const mixed = await alice('POST', services, { tap_services: [{ port_id: portId(3) }, { port_id: portId(11) }] });
    expect(mixed).toMatchObject({ status: 404, body: { NeutronError: { type: 'PortNotFound' } } });
    expect((await alice('GET', `${services}?fields=name`)).body).toEqual({
      tap_services: [{ name: 'x' }, { name: 'y' }],
    });
    const many = Array.from({ length: 128 }, () => ({ port_id: portId(1) }));
    const refused = await alice('POST', services, { tap_services: many });
    expect(refused.status).toBe(400);
    expect(refused.body.NeutronError.message).toMatch(/129 writes, and only 127/);
    for (const empty of [[], null]) {
      expect(await alice('POST', services, { tap_services: empty })).toMatchObject({
        status: 400,
        body: bad('Resources required'),
      });
    }
  });

  it('keep every character, and refuse half of one', async () => {
    const name = 'zażółć 日本 😀 \u202e a\tb\nc\u0000d';
    const id = await service(portId(1), { name });
    expect((await alice('GET', `${services}/${id}`)).body.tap_service.name).toBe(name);
    const half = await alice('POST', services, `{"tap_service": {"port_id": "${portId(1)}", "name": "\\ud800"}}`);
    expect(half.status).toBe(400);
  });
});

describe('bad requests', () => {
  const port = portId(1);
  const cases: readonly [string, unknown, object][] = [
    ['an empty object', {}, bad('Resource body required')],
    ['an empty list', [], bad('Resource body required')],
    ['null', 'null', bad('Resource body required')],
    ['nothing', '', bad('Resource body required')],
    ['a string', '"x"', bad('Body contains invalid data')],
    ['a number', '7', bad('Body contains invalid data')],
    ['no attributes', { tap_service: {} }, bad("Failed to parse request. Required attribute 'port_id' not specified")],
    ['a null resource', { tap_service: null }, bad("Unable to find 'tap_service' in request body")],
    ['a list resource', { tap_service: [] }, bad("Object 'tap_service' contains invalid data")],
    ['another key', { tap_flow: { port_id: port } }, bad("Unable to find 'tap_service' in request body")],
    [
      'unknown attributes',
      { tap_service: { port_id: port, foo: 1, bar: 2 } },
      bad("Unrecognized attribute(s) 'bar, foo'"),
    ],
    ['an id', { tap_service: { port_id: port, id: nobody } }, bad("Attribute 'id' not allowed in POST")],
    ['a status', { tap_service: { port_id: port, status: 'ACTIVE' } }, bad("Attribute 'status' not allowed in POST")],
    [
      'a null port',
      { tap_service: { port_id: null } },
      bad("Invalid input for port_id. Reason: 'None' is not a valid UUID."),
    ],
    [
      'a list port',
      { tap_service: { port_id: ['x'] } },
      bad("Invalid input for port_id. Reason: '['x']' is not a valid UUID."),
    ],
    [
      'no uuid',
      { tap_service: { port_id: 'abc' } },
      bad("Invalid input for port_id. Reason: 'abc' is not a valid UUID."),
    ],
    [
      'a trailing newline',
      { tap_service: { port_id: `${port}\n` } },
      bad(`Invalid input for port_id. Reason: '${port}\n' is not a valid UUID.`),
    ],
    [
      'a boolean name',
      { tap_service: { port_id: port, name: true } },
      bad("Invalid input for name. Reason: 'True' is not a valid string."),
    ],
    [
      'a null description',
      { tap_service: { port_id: port, description: null } },
      bad("Invalid input for description. Reason: 'None' is not a valid string."),
    ],
    [
      'broken JSON',
      '{"tap_service": {',
      error('MalformedRequestBody', 'Malformed request body: Cannot understand JSON.'),
    ],
    [
      'a byte order mark',
      '\ufeff{"tap_service": {}}',
      error('MalformedRequestBody', 'Malformed request body: Cannot understand JSON.'),
    ],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x7b, 0xff, 0x7d]),
      error('MalformedRequestBody', 'Malformed request body: Cannot understand JSON.'),
    ],
    [
      'two projects',
      { tap_service: { port_id: port, project_id: acme, tenant_id: umbrella } },
      bad("'project_id' and 'tenant_id' do not match"),
    ],
    [
      'the project of others',
      { tap_service: { port_id: port, tenant_id: umbrella } },
      bad(
        "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges",
      ),
    ],
    [
      'a port that another spelling names',
      { tap_service: { port_id: port.replaceAll('-', '') } },
      error('PortNotFound', `Port ${port.replaceAll('-', '')} could not be found.`),
    ],
  ];
  it.each(cases)('%s', async (_name, body, expected) => {
    const reply = await alice('POST', services, body);
    expect(reply.body).toEqual(expected);
    expect((await cloud.read('/networking-vpp/taas/')).size).toBe(0);
  });

  it.each([
    [
      { source_port: portId(2), direction: 'BOTH' },
      "Failed to parse request. Required attribute 'tap_service_id' not specified",
    ],
    [
      { tap_service_id: nobody, source_port: portId(2), direction: 'in' },
      'Invalid input for direction. Reason: in is not in valid_values.',
    ],
    [
      { tap_service_id: nobody, source_port: portId(2), direction: null },
      'Invalid input for direction. Reason: None is not in valid_values.',
    ],
    [
      { tap_service_id: nobody, source_port: portId(2), direction: 'IN', vlan_filter: '1,' },
      "Invalid input for vlan_filter. Reason: '1,' is not a valid input.",
    ],
    [
      { tap_service_id: nobody, source_port: portId(2), direction: 'IN', vlan_filter: 5 },
      "Invalid input for vlan_filter. Reason: '5' is not a valid input.",
    ],
  ])('of a tap flow %#', async (tap_flow, message) => {
    expect(await alice('POST', flows, { tap_flow })).toMatchObject({ status: 400, body: bad(message) });
  });

  it('bodies that nest too deep or are too large', async () => {
    const deep = await alice('POST', services, `{"tap_service": ${'['.repeat(5000)}${']'.repeat(5000)}}`);
    expect(deep).toMatchObject({ status: 400, body: { NeutronError: { type: 'MalformedRequestBody' } } });
    const large = await alice('POST', services, { tap_service: { port_id: portId(1), name: 'x'.repeat(600_000) } });
    expect(large.status).toBe(413);
  });

  it('changes of anything but name and description', async () => {
    const id = await service();
    const put = (tap_service: object, at = id) => alice('PUT', `${services}/${at}`, { tap_service });
    const readOnly = (name: string) => ({ status: 400, body: bad(`Cannot update read-only attribute ${name}`) });
    expect(await put({ port_id: portId(1) })).toMatchObject(readOnly('port_id'));
    expect(await put({ project_id: acme })).toMatchObject(readOnly('tenant_id'));
    expect(await put({ status: 'x' }, nobody)).toMatchObject(readOnly('status'));
    expect(await put({ foo: 1 })).toMatchObject({ status: 400, body: bad("Unrecognized attribute(s) 'foo'") });
    expect(await put({ name: 'x' }, 'not-a-uuid')).toMatchObject({ status: 404 });
    const empty = await alice('PUT', `${services}/${id}`, '');
    expect(empty).toMatchObject({ status: 400, body: error('BadRequest', "Bad body request: Invalid format: b''.") });
  });
});

describe('projects', () => {
  it('do not see, change or delete what is not theirs', async () => {
    const id = await service(portId(11), {}, bob);
    const absent = { status: 404, body: error('TapServiceNotFound', `Tap Service  ${id} does not exist`) };
    expect(await alice('GET', `${services}/${id}`)).toMatchObject(absent);
    expect(await alice('PUT', `${services}/${id}`, { tap_service: { name: 'mine' } })).toMatchObject(absent);
    expect(await alice('DELETE', `${services}/${id}`)).toMatchObject(absent);
    expect((await alice('GET', `${services}?id=${id}`)).body).toEqual({ tap_services: [] });
    const onIt = { tap_service_id: id, source_port: portId(2), direction: 'IN' };
    expect(await alice('POST', flows, { tap_flow: onIt })).toMatchObject(absent);
    expect((await admin('GET', `${services}/${id}`)).status).toBe(200);
    expect((await admin('GET', services)).body.tap_services).toHaveLength(1);
  });

  it('tap no port that is not theirs, not even by an admin', async () => {
    const mine = await service();
    const stranger = { tap_service_id: mine, source_port: portId(12), direction: 'IN' };
    expect(await alice('POST', flows, { tap_flow: stranger })).toMatchObject({
      status: 404,
      body: error('PortNotFound', `Port ${portId(12)} could not be found.`),
    });
    const notOwned = {
      status: 403,
      body: error('PortDoesNotBelongToTenant', 'The specified port does not belong to the tenant'),
    };
    expect(await admin('POST', services, { tap_service: { port_id: portId(1) } })).toMatchObject(notOwned);
    expect(await admin('POST', flows, { tap_flow: { ...stranger, tenant_id: acme } })).toMatchObject(notOwned);
    expect(await admin('POST', flows, { tap_flow: { ...stranger, source_port: portId(2) } })).toMatchObject({
      status: 403,
      body: error('TapServiceNotBelongToTenant', 'Specified Tap Service does not belong to the tenant'),
    });
    const forAcme = await admin('POST', services, { tap_service: { port_id: portId(4), tenant_id: acme } });
    expect(forAcme.status).toBe(201);
  });

  it('readers look and do not touch', async () => {
    const id = await service();
    expect((await carol('GET', `${services}/${id}`)).status).toBe(200);
    const refused = (rule: string) => ({
      status: 403,
      body: error('PolicyNotAuthorized', `rule:${rule} is disallowed by policy`),
    });
    expect(await carol('POST', services, { tap_service: { port_id: portId(1) } })).toMatchObject(
      refused('create_tap_service'),
    );
    expect(await carol('PUT', `${services}/${id}`, { tap_service: {} })).toMatchObject(refused('update_tap_service'));
    expect(await carol('DELETE', `${services}/${id}`)).toMatchObject(refused('delete_tap_service'));
  });

  it('must be named', async () => {
    const reply = await server.request('GET', services, undefined, {});
    expect(reply).toMatchObject({
      status: 401,
      body: {
        error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
      },
    });
    expect(reply.headers['www-authenticate']).toBe('Keystone uri="http://127.0.0.1:5000"');
    expect(reply.headers['x-openstack-request-id']).toMatch(/^req-/);
  });
});

describe('admission', () => {
  it('refuses loops and chains, and names ports and taps', async () => {
    const to = await service(portId(1));
    const from = await flow(to, portId(2));
    const post = (source_port: string, at: string) =>
      alice('POST', flows, { tap_flow: { tap_service_id: at, source_port, direction: 'IN' } });
    const own = await post(portId(1), to);
    expect(own).toMatchObject({ status: 409, body: { NeutronError: { type: 'TapSourceIsServicePort' } } });
    expect(own.body.NeutronError.message).toContain(portId(1));
    const other = await service(portId(3));
    const collector = await post(portId(1), other);
    expect(collector).toMatchObject({ status: 409, body: { NeutronError: { type: 'TapSourceIsCollector' } } });
    expect(collector.body.NeutronError.message).toContain(`${portId(1)} cannot be the source`);
    expect(collector.body.NeutronError.message).toContain(`tap service ${to}`);
    const source = await alice('POST', services, { tap_service: { port_id: portId(2) } });
    expect(source).toMatchObject({ status: 409, body: { NeutronError: { type: 'TapServicePortIsSource' } } });
    expect(source.body.NeutronError.message).toContain(`tap flow ${from}`);
    // Once the flow is gone, the port may collect, without waiting for anybody to clean up.
    expect((await alice('DELETE', `${flows}/${from}`)).status).toBe(204);
    await service(portId(2));
  });

  it('takes several services on a port, several flows from a port, and ports that are not bound yet', async () => {
    const one = await service();
    const two = await service();
    await flow(one);
    await flow(one);
    await flow(two);
    const pending = await flow(two, portId(99));
    const shown = await alice('GET', `${flows}/${pending}`);
    expect(shown.body.tap_flow).toMatchObject({
      status: 'PENDING_CREATE',
      status_reason: `port ${portId(99)} is not bound to a node`,
    });
  });
});

describe('lists', () => {
  const names = (reply: Reply) => reply.body.tap_services.map(({ name }) => name);
  let ids: Map<string, string>;

  beforeEach(async () => {
    ids = new Map();
    for (const [name, n, description] of [
      ['delta', 1, 'd0'],
      ['alpha', 2, 'd1'],
      ['charlie', 3, 'd0'],
      ['bravo', 4, 'd1'],
      ['echo', 1, 'd0'],
    ] as const) {
      ids.set(name, await service(portId(n), { name, description }));
    }
  });

  it('filter exactly, with OR within a key and AND across keys', async () => {
    expect(names(await alice('GET', `${services}?name=alpha&name=bravo&fields=name`))).toEqual(['alpha', 'bravo']);
    expect(names(await alice('GET', `${services}?name=alpha&description=d0`))).toEqual([]);
    expect(names(await alice('GET', `${services}?name=al`))).toEqual([]);
    expect(names(await alice('GET', `${services}?bogus=1&port_id=${portId(1)}`))).toEqual(['delta', 'echo']);
    expect(names(await alice('GET', `${services}?status=ACTIVE`))).toEqual([]);
    expect(names(await alice('GET', `${services}?status=DOWN&status=PENDING_CREATE&`))).toHaveLength(5);
    expect((await alice('GET', `${services}?fields=bogus&name=echo`)).body).toEqual({ tap_services: [{}] });
    expect((await alice('GET', `${services}/${ids.get('echo')}?fields=name`)).body).toEqual({
      tap_service: { name: 'echo' },
    });
  });

  it('come in pages, with links to the next and the previous', async () => {
    const page = await alice('GET', `${services}?limit=2&fields=name&marker=${ids.get('alpha')}`);
    const at = `http://localhost:80${services}?limit=2&fields=name`;
    expect(page.body).toEqual({
      tap_services: [{ name: 'charlie' }, { name: 'bravo' }],
      tap_services_links: [
        { rel: 'next', href: `${at}&marker=${ids.get('bravo')}` },
        { rel: 'previous', href: `${at}&marker=${ids.get('charlie')}&page_reverse=True` },
      ],
    });
    const back = await alice('GET', `${services}?limit=2&page_reverse=true&marker=${ids.get('bravo')}`);
    expect(names(back)).toEqual(['alpha', 'charlie']);
    expect(names(await alice('GET', `${services}?limit=2&page_reverse=True`))).toEqual(['bravo', 'echo']);
    const lost = await alice('GET', `${services}?limit=2&fields=name&marker=${nobody}`);
    expect(lost.body).toEqual({
      tap_services: [],
      tap_services_links: [{ rel: 'previous', href: `${at}&page_reverse=True` }],
    });
    expect(names(await alice('GET', `${services}?limit=0`))).toHaveLength(5);
    for (const limit of ['-1', 'abc', '']) {
      expect(await alice('GET', `${services}?limit=${limit}`)).toMatchObject({
        status: 400,
        body: error('BadRequest', `Bad limit request: Limit must be an integer 0 or greater and not '${limit}'.`),
      });
    }
  });

  it('are sorted by any attribute, equals as they were made, and paged in that order', async () => {
    await service(portId(8), { name: 'b', description: 'x' });
    await service(portId(8), { name: 'a', description: 'y' });
    const last = await service(portId(8), { name: 'a', description: 'x' });
    const names = async (query: string) => {
      const { body } = await alice('GET', `${services}?port_id=${portId(8)}&${query}&fields=name&fields=description`);
      return body.tap_services.map(({ name, description }) => `${name}${description}`);
    };
    expect(await names('sort_key=name&sort_dir=asc')).toEqual(['ay', 'ax', 'bx']);
    expect(await names('sort_key=description&sort_dir=desc&sort_key=name&sort_dir=asc')).toEqual(['ay', 'ax', 'bx']);
    expect(await names(`sort_key=name&sort_dir=asc&limit=2&marker=${last}`)).toEqual(['bx']);
    expect(await names(`sort_key=name&sort_dir=asc&limit=1&marker=${last}&page_reverse=True`)).toEqual(['ay']);
    expect(await alice('GET', `${services}?sort_key=color&sort_dir=asc`)).toMatchObject({
      status: 400,
      body: bad("['color'] is invalid attribute for sort_keys"),
    });
    expect(await alice('GET', `${services}?sort_key=name`)).toMatchObject({
      status: 400,
      body: bad('The number of sort_keys and sort_dirs must be same'),
    });
  });
});

describe('paths and methods', () => {
  it.each([
    '/v2.0/tap_services',
    '/v2.0/taas/tap-services',
    '/v2.0//taas//tap_services',
    '/v2.0/taas/tap%5Fservices',
    '/v2.0/%74aas/tap_services',
    '/v2.0/taas/tap_services.json',
    '/v2.0/taas/tap_services/',
  ])('%s is the collection', async (path) => {
    expect(await alice('GET', path)).toMatchObject({ status: 200, body: { tap_services: [] } });
  });

  it('answers what is not there in Neutron’s ways', async () => {
    const notFound = { status: 404, body: error('HTTPNotFound', 'The resource could not be found.') };
    expect(await alice('GET', '/v2.0/taas')).toMatchObject(notFound);
    expect(await alice('GET', '/v2.0/taas/bogus')).toMatchObject(notFound);
    expect(await alice('GET', '/elsewhere')).toMatchObject({
      status: 404,
      body: { code: 404, title: 'Not Found', description: null },
    });
    expect(await alice('PATCH', services, {})).toMatchObject({ status: 405 });
    expect(
      (await server.api.inject({ method: 'HEAD', url: services, headers: { 'x-project-id': acme } })).statusCode,
    ).toBe(405);
    expect(await alice('OPTIONS', services)).toMatchObject({ status: 200, body: { tap_services: [] } });
    const none = { status: 404, body: error('TapServiceNotFound', 'Tap Service  None does not exist') };
    expect(await alice('PUT', services, { tap_service: {} })).toMatchObject(none);
    expect(await alice('DELETE', services)).toMatchObject(none);
    expect(await alice('DELETE', `${services}/${nobody}`, { x: 1 })).toMatchObject({
      status: 400,
      body: bad('Request body is not supported in DELETE.'),
    });
    expect((await alice('GET', `${services}?name=${'x'.repeat(9000)}`)).status).toBe(414);
  });

  it.each(['text/plain', 'application/xml', 'garbage', 'multipart/form-data; boundary=x', 'APPLICATION/JSON'])(
    'takes a body of type %s for JSON',
    async (type) => {
      const body = { tap_service: { port_id: portId(1) } };
      const headers = { 'x-project-id': acme, 'content-type': type };
      expect((await server.request('POST', services, body, headers)).status).toBe(201);
    },
  );
});

describe('without etcd', () => {
  it('answers 503 and says so', async () => {
    cloud.store.stop();
    const refused = await alice('POST', services, { tap_service: { port_id: portId(1) } });
    expect(refused).toMatchObject({ status: 503, body: { NeutronError: { type: 'ServiceUnavailable' } } });
    cloud.store.start();
  });
});

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
