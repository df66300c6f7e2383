import { taasExtensions } from '@taas/gateway';
import { AuditEntry, auditEvents, type ResourceKind, resourceKinds } from '@taas/model';
import Type, { type TSchema } from 'typebox';
import { captureAttributes } from '../captures/capture-wish.js';
import { words } from '../errors/neutron-error.js';
import { quotaNames } from '../taps/admission/quotas.js';
import type { Attribute } from '../taps/attributes.js';
import { attributes } from '../taps/tap-kinds.js';

const counts = ['received', 'filtered', 'dropped', 'delivered', 'bytes', 'kernel_dropped'];

type Schema = Readonly<Record<string, unknown>>;

/** The description of the API, made of the very types that requests are checked with. */
export function openApi(version: string): Schema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tap as a Service for networking-vpp',
      version,
      description: `Neutron's TaaS API: the extensions ${taasExtensions.map(({ alias }) => alias).join(', ')}.`,
    },
    components: {
      securitySchemes: { token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' } },
      schemas: {
        NeutronError: Type.Object({
          NeutronError: Type.Object({ type: Type.String(), message: Type.String(), detail: Type.String() }),
        }),
        capture: shownCaptureSchema,
        quota: object(quotaNames.map((name) => [name, Type.Integer({ minimum: -1 })])),
        ...Object.fromEntries(resourceKinds.flatMap(schemasOf)),
      },
    },
    security: [{ token: [] }],
    paths: { ...Object.assign({}, ...resourceKinds.map(pathsOf)), ...trailPaths, ...capturePaths, ...quotaPaths },
  };
}

/** The three forms of a resource: as it is shown, as it can be made, as it can be changed. */
function schemasOf(kind: ResourceKind): [string, Schema][] {
  const { resource } = words[kind];
  const all = Object.entries(attributes[kind]);
  const described = ([name, { type, about }]: [string, Attribute]): [string, TSchema] => [
    name,
    { ...type.schema, description: about } as TSchema,
  ];
  const given = all.filter(([, { post }]) => post);
  const required = given.filter(([name, attribute]) => attribute.default === undefined && name !== 'tenant_id');
  const project: [string, TSchema] = ['project_id', { ...(attributes[kind]['tenant_id']?.type.schema as TSchema) }];
  return [
    [resource, object([...all.map(described), project])],
    [
      `new_${resource}`,
      { ...object([...given.map(described), project]), required: required.map(([name]) => name), ...closed },
    ],
    [`changed_${resource}`, { ...object(all.filter(([, { put }]) => put).map(described)), ...closed }],
  ];
}

const closed = { additionalProperties: false };
const object = (properties: readonly (readonly [string, TSchema])[]): Schema => ({
  type: 'object',
  properties: Object.fromEntries(properties),
});
const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const wrapped = (key: string, schema: Schema): Schema => ({
  type: 'object',
  required: [key],
  properties: { [key]: schema },
});
const json = (schema: Schema): Schema => ({ content: { 'application/json': { schema } } });
const answer = (description: string, schema?: Schema): Schema => ({ description, ...(schema ? json(schema) : {}) });
const failures: Schema = { default: answer('An error', reference('NeutronError')) };
const inPath = (name: string): Schema => ({ name, in: 'path', required: true, schema: { type: 'string' } });
const inQuery = (name: string, schema: Schema, description: string): Schema => ({
  ...{ name, in: 'query', schema, description },
});

function pathsOf(kind: ResourceKind): Schema {
  const { resource } = words[kind];
  const one = wrapped(resource, reference(resource));
  const many = wrapped(kind, { type: 'array', items: reference(resource) });
  const title = words[kind].title.trim().toLowerCase();
  const several = { type: 'array', items: { type: 'string' } };
  return {
    [`/v2.0/taas/${kind}`]: {
      get: {
        summary: `List ${title}s`,
        operationId: `list_${kind}`,
        parameters: [
          ...Object.keys(attributes[kind]).map((name) =>
            inQuery(name, several, 'Only those with this value, or one of these.'),
          ),
          inQuery('fields', several, 'Only these attributes.'),
          inQuery('sort_key', several, 'Sort by this attribute; as many as sort_dir.'),
          inQuery('sort_dir', { type: 'array', items: { enum: ['asc', 'desc'] } }, 'In this direction.'),
          inQuery('limit', { type: 'integer', minimum: 0 }, 'At most so many; 0 for all.'),
          inQuery('marker', { type: 'string' }, 'Begin after the resource with this id.'),
          inQuery('page_reverse', { type: 'boolean' }, 'The page before the marker.'),
        ],
        responses: { 200: answer('A page', many), ...failures },
      },
      post: {
        summary: `Create one ${title}, or several, all or none`,
        operationId: `create_${resource}`,
        requestBody: {
          required: true,
          ...json(newTap(kind)),
        },
        responses: { 201: answer('Created', { oneOf: [one, many] }), ...failures },
      },
    },
    [`/v2.0/taas/${kind}/{id}`]: {
      parameters: [inPath('id')],
      get: {
        summary: `Show a ${title}`,
        operationId: `get_${resource}`,
        responses: { 200: answer('Found', one), ...failures },
      },
      put: {
        summary: `Change a ${title}`,
        operationId: `update_${resource}`,
        requestBody: { required: true, ...json(wrapped(resource, reference(`changed_${resource}`))) },
        responses: { 200: answer('Changed', one), ...failures },
      },
      delete: {
        summary: `Delete a ${title}`,
        operationId: `delete_${resource}`,
        responses: { 204: answer('Accepted; gone when the nodes have confirmed'), ...failures },
      },
    },
    ...('consent' in attributes[kind]
      ? { [`/v2.0/taas/${kind}/{id}/approve`]: approval(resource, title, one, wrapped(resource, seen)) }
      : {}),
    [`/v2.0/taas/${kind}/{id}/statistics`]: {
      parameters: [inPath('id')],
      get: {
        summary: `Show what has been counted of a ${title}`,
        operationId: `get_${resource}_statistics`,
        responses: { 200: answer('Counted', wrapped('statistics', { type: 'object' })), ...failures },
      },
    },
  };
}

/** What is sent with an approval of a tap; captures do not change. */
const seen: Schema = { type: 'object', properties: { consent_to: { type: 'string' } }, required: ['consent_to'] };

function approval(resource: string, title: string, shown: Schema, body?: Schema): Schema {
  return {
    parameters: [inPath('id')],
    put: {
      summary: `Agree to a ${title} that somebody else has asked for`,
      operationId: `approve_${resource}`,
      ...(body === undefined ? {} : { requestBody: { required: true, ...json(body) } }),
      responses: { 200: answer('Agreed, now or before', shown), ...failures },
    },
  };
}

const shownCaptureSchema = object([
  ...Object.entries(captureAttributes).map(([name, { type }]): [string, TSchema] => [name, type.schema]),
  ...[
    'project_id',
    'status',
    'status_reason',
    'status_code',
    'server',
    'created_at',
    'ends_at',
    'expires_at',
    'consent',
  ].map((name): [string, TSchema] => [name, Type.String()]),
  ['requested_by', Type.Array(Type.String())],
  ['counted', object(counts.map((name) => [name, { type: ['integer', 'null'] } as TSchema])) as TSchema],
]);
const page = [
  inQuery('limit', { type: 'integer', minimum: 1, maximum: 1000 }, 'At most so many.'),
  inQuery('marker', { type: 'string' }, 'Begin after this one.'),
  inQuery('project_id', { type: 'string' }, 'Only of this project.'),
  inQuery('port_id', { type: 'string' }, 'Only about this port.'),
];
const text: Schema = { type: 'string' };
const tappedPort = object([
  ...['port_id', 'project_id'].map((name): [string, TSchema] => [name, { type: ['string', 'null'] } as TSchema]),
  ['taps', Type.Integer()],
  ['tapped_by', { type: 'array', items: { type: 'object' } } as TSchema],
]);
/** The body of a POST that makes one. */
function newTap(kind: ResourceKind): Schema {
  const { resource } = words[kind];
  const fresh = reference(`new_${resource}`);
  return { oneOf: [wrapped(resource, fresh), wrapped(kind, { type: 'array', minItems: 1, items: fresh })] };
}
const named = { oneOf: resourceKinds.map((kind) => wrapped(words[kind].resource, { type: 'string' })) };
const trailPaths: Schema = {
  '/v2.0/taas/tapped_ports': {
    get: {
      summary: "List who copies the project's ports",
      operationId: 'list_tapped_ports',
      parameters: page,
      responses: { 200: answer('A page', wrapped('tapped_ports', { type: 'array', items: tappedPort })), ...failures },
    },
  },
  '/v2.0/taas/tapped_ports/{port_id}': {
    parameters: [inPath('port_id')],
    get: {
      summary: 'Show who copies a port',
      operationId: 'get_tapped_port',
      responses: { 200: answer('Found', wrapped('tapped_port', tappedPort)), ...failures },
    },
  },
  '/v2.0/taas/events': {
    get: {
      summary: 'Follow which taps change, by server-sent events',
      operationId: 'read_events',
      parameters: [
        { name: 'since', in: 'query', schema: { type: 'string' }, description: 'The id of the last event.' },
      ],
      responses: {
        200: { description: 'Events, as they come', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        ...failures,
      },
    },
  },
  '/v2.0/taas/plan': {
    post: {
      summary: 'Say what making or deleting taps would do; changes nothing',
      operationId: 'plan',
      requestBody: {
        required: true,
        ...json(
          wrapped('plan', {
            oneOf: [wrapped('create', { oneOf: resourceKinds.map(newTap) }), wrapped('delete', named)],
          }),
        ),
      },
      responses: { 200: answer('What it would do', wrapped('plan', { type: 'object' })), ...failures },
    },
  },
  '/v2.0/taas/nodes': {
    get: {
      summary: 'List the nodes and what their agents tell of them; for administrators',
      operationId: 'list_nodes',
      parameters: page.slice(0, 2),
      responses: { 200: answer('A page', wrapped('nodes', { type: 'array', items: { type: 'object' } })), ...failures },
    },
  },
  '/v2.0/taas/audit': {
    get: {
      summary: 'Read the audit trail; for administrators',
      operationId: 'list_audit',
      parameters: [
        ...page,
        inQuery('event', { enum: [...auditEvents] }, 'Only what happened so.'),
        inQuery('since', text, 'Not before this time, or so many milliseconds since 1970.'),
      ],
      responses: { 200: answer('A page', wrapped('audit', { type: 'array', items: AuditEntry })), ...failures },
    },
  },
};

const capture = wrapped('capture', reference('capture'));
const given = Object.entries(captureAttributes).filter(([, { post }]) => post);
const newCapture = {
  ...object([
    ...given.map(([name, { type, about }]): [string, TSchema] => [
      name,
      { ...type.schema, description: about } as TSchema,
    ]),
    ['project_id', Type.String()],
  ]),
  ...closed,
};
const capturePaths: Schema = {
  '/v2.0/taas/captures': {
    get: {
      summary: 'List the captures that this server receives',
      operationId: 'list_captures',
      responses: {
        200: answer('All', wrapped('captures', { type: 'array', items: reference('capture') })),
        ...failures,
      },
    },
    post: {
      summary: 'Begin a capture',
      operationId: 'create_capture',
      requestBody: { required: true, ...json(wrapped('capture', newCapture)) },
      responses: { 201: answer('Begun', capture), ...failures },
    },
  },
  '/v2.0/taas/captures/{id}': {
    parameters: [inPath('id')],
    get: {
      summary: 'Show a capture',
      operationId: 'get_capture',
      responses: { 200: answer('Found', capture), ...failures },
    },
    delete: {
      summary: 'End a capture',
      operationId: 'delete_capture',
      responses: { 204: answer('Ended'), ...failures },
    },
  },
  '/v2.0/taas/captures/{id}/approve': approval('capture', 'capture', capture),
  '/v2.0/taas/captures/{id}/stream': {
    parameters: [inPath('id')],
    get: {
      summary: 'Read what is captured, as it comes; the capture ends when the reader goes',
      operationId: 'read_capture',
      responses: {
        200: {
          description: 'pcapng',
          content: { 'application/x-pcapng': { schema: { type: 'string', format: 'binary' } } },
        },
        ...failures,
      },
    },
  },
  '/v2.0/taas/captures/{id}/packets': {
    parameters: [inPath('id')],
    get: {
      summary: 'Look at the latest packets in words, by server-sent events; nothing of the file is taken',
      operationId: 'watch_capture',
      responses: {
        200: { description: 'Events, as they come', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        ...failures,
      },
    },
  },
};

const quota = wrapped('quota', reference('quota'));
const shownQuota = { responses: { 200: answer('Limits; -1 is none', quota), ...failures } };
const quotaPaths: Schema = {
  '/v2.0/quotas/{project_id}': {
    parameters: [inPath('project_id')],
    get: { summary: "A project's limits", operationId: 'get_quota', ...shownQuota },
    put: {
      summary: "Set a project's limits",
      operationId: 'update_quota',
      requestBody: { required: true, ...json(quota) },
      ...shownQuota,
    },
    delete: {
      summary: 'Back to the default limits',
      operationId: 'delete_quota',
      responses: { 204: answer('Done'), ...failures },
    },
  },
  '/v2.0/quotas/{project_id}/default': {
    parameters: [inPath('project_id')],
    get: { summary: 'The default limits', operationId: 'get_default_quota', ...shownQuota },
  },
  '/v2.0/quotas/{project_id}/details': {
    parameters: [inPath('project_id')],
    get: { summary: 'Limits and what is used of them', operationId: 'get_quota_details', ...shownQuota },
  },
};
