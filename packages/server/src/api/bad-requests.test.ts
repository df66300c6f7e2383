import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, type TestCloud, umbrella } from '../test-cloud.suite.js';
import { bad, error, flows, makeService, nobody, services, twoProjects } from './two-projects.suite.js';

let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;

beforeEach(async () => {
  ({ cloud, server } = await twoProjects());
  alice = server.as(acme);
});
afterEach(() => cloud.stop());

const service = (port?: string, attributes?: object, as = alice) => makeService(as, port, attributes);

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
