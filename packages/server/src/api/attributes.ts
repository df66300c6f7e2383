import { type Direction, directions, type ResourceKind } from '@taas/model';
import type { Caller } from '../auth/authenticator.js';
import { badRequest } from './neutron-error.js';
import { pythonRepr, pythonStr } from './python-repr.js';
import type { JsonObject } from './request-body.js';

interface Attribute {
  readonly post: boolean;
  readonly put: boolean;
  /** Stands for an absent attribute; without one the attribute is required. */
  readonly default?: unknown;
  /** @returns what is wrong with a value, or null */
  readonly check?: (value: unknown) => string | null;
}

/** Python's uuid.UUID accepts braces, a urn prefix and missing hyphens; such an id then names nothing. */
const uuidLike = (value: unknown): string | null => {
  const plain = pythonStr(value)
    .replaceAll('urn:', '')
    .replaceAll('uuid:', '')
    .replace(/^[{}]+|[{}]+$/g, '')
    .replaceAll('-', '');
  return typeof value === 'string' && /^[0-9a-fA-F]{32}(?![\s\S])/.test(plain)
    ? null
    : `'${pythonStr(value)}' is not a valid UUID.`;
};

const text = (value: unknown): string | null => {
  if (typeof value !== 'string') return `'${pythonStr(value)}' is not a valid string.`;
  // Half of a surrogate pair is no character: it could not be stored and read back as it was.
  return /\p{Surrogate}/u.test(value) ? 'it contains a lone surrogate, which is not a character.' : null;
};

const project = (value: unknown): string | null =>
  text(value) ?? (String(value).trim() === '' ? `'${String(value)}' Blank strings are not permitted.` : null);

const direction = (value: unknown): string | null =>
  directions.some((known) => known === value) ? null : `${pythonStr(value)} is not in valid_values.`;

/** Neutron's pattern: numbers and ranges of numbers by comma, nothing about their size. */
const vlanFilter = (value: unknown): string | null =>
  value === null || (typeof value === 'string' && /^([0-9]+(-[0-9]+)?)(,([0-9]+(-[0-9]+)?))*\n?(?![\s\S])/.test(value))
    ? null
    : `'${pythonStr(value)}' is not a valid input.`;

const readOnly: Attribute = { post: false, put: false };
const required = (check: (value: unknown) => string | null): Attribute => ({ post: true, put: false, check });

const common = {
  id: readOnly,
  tenant_id: required(project),
  name: { post: true, put: true, default: '', check: text },
  description: { post: true, put: true, default: '', check: text },
} satisfies Record<string, Attribute>;

/** In Neutron's order, which decides what is complained about first. */
const attributes: Readonly<Record<ResourceKind, Readonly<Record<string, Attribute>>>> = {
  tap_services: { ...common, port_id: required(uuidLike), status: readOnly, status_reason: readOnly },
  tap_flows: {
    ...common,
    tap_service_id: required(uuidLike),
    source_port: required(uuidLike),
    direction: required(direction),
    status: readOnly,
    vlan_filter: { post: true, put: false, default: null, check: vlanFilter },
    status_reason: readOnly,
  },
};

export interface NewService {
  readonly project_id: string;
  readonly name: string;
  readonly description: string;
  readonly port_id: string;
}

export interface NewFlow {
  readonly project_id: string;
  readonly name: string;
  readonly description: string;
  readonly tap_service_id: string;
  readonly source_port: string;
  readonly direction: Direction;
  readonly vlan_filter: string | null;
}

/** @throws NeutronError 400 in Neutron's words, for the first thing wrong in Neutron's order of looking */
export function checkNewService(given: JsonObject, caller: Caller): NewService {
  const { tenant_id, ...rest } = checkCreate('tap_services', given, caller);
  return { ...rest, project_id: tenant_id } as unknown as NewService;
}

/** @throws NeutronError as {@link checkNewService} */
export function checkNewFlow(given: JsonObject, caller: Caller): NewFlow {
  const { tenant_id, ...rest } = checkCreate('tap_flows', given, caller);
  return { ...rest, project_id: tenant_id } as unknown as NewFlow;
}

/** @throws NeutronError 400; anything but name and description is read-only, also when the value is unchanged */
export function checkUpdate(
  kind: ResourceKind,
  given: JsonObject,
  caller: Caller,
): { readonly name?: string; readonly description?: string } {
  const value = withTenant(given, caller);
  refuseUnknown(kind, value);
  for (const name of Object.keys(value)) {
    if (!attributes[kind][name]?.put) throw badRequest(`Cannot update read-only attribute ${name}`);
  }
  checkValues(kind, value);
  return value;
}

function checkCreate(kind: ResourceKind, given: JsonObject, caller: Caller): JsonObject {
  const value: Record<string, unknown> = { tenant_id: caller.projectId, ...withTenant(given, caller) };
  refuseUnknown(kind, value);
  for (const [name, attribute] of Object.entries(attributes[kind])) {
    if (!attribute.post) {
      if (Object.hasOwn(value, name)) throw badRequest(`Attribute '${name}' not allowed in POST`);
    } else if (!Object.hasOwn(value, name)) {
      if (attribute.default === undefined) {
        throw badRequest(`Failed to parse request. Required attribute '${name}' not specified`);
      }
      value[name] = attribute.default;
    }
  }
  checkValues(kind, value);
  return value;
}

/** project_id and tenant_id are one attribute with two names; only an admin may name another project. */
function withTenant(given: JsonObject, caller: Caller): Record<string, unknown> {
  const { project_id: project, ...rest } = given;
  const value: Record<string, unknown> = rest;
  if (Object.hasOwn(given, 'project_id')) {
    if (Object.hasOwn(given, 'tenant_id') && given['tenant_id'] !== project) {
      throw badRequest("'project_id' and 'tenant_id' do not match");
    }
    value['tenant_id'] = project;
  }
  if (Object.hasOwn(value, 'tenant_id') && value['tenant_id'] !== caller.projectId && !caller.isAdmin) {
    throw badRequest(
      "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or " +
        'advsvc privileges',
    );
  }
  return value;
}

function refuseUnknown(kind: ResourceKind, value: JsonObject): void {
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(attributes[kind], name));
  if (unknown.length > 0) throw badRequest(`Unrecognized attribute(s) '${unknown.sort().join(', ')}'`);
}

function checkValues(kind: ResourceKind, value: JsonObject): void {
  for (const [name, attribute] of Object.entries(attributes[kind])) {
    if (!Object.hasOwn(value, name)) continue;
    const problem = attribute.check?.(value[name]) ?? null;
    if (problem !== null) throw badRequest(`Invalid input for ${name}. Reason: ${problem}`);
  }
}

/** Neutron lets no attribute of taps be sorted by. @throws NeutronError 400 */
export function refuseSorting(sortKeys: readonly string[], sortDirs: readonly string[]): void {
  if (sortKeys.length !== sortDirs.length) throw badRequest('The number of sort_keys and sort_dirs must be same');
  if (sortKeys.length > 0) throw badRequest(`${pythonRepr(sortKeys)} is invalid attribute for sort_keys`);
}
