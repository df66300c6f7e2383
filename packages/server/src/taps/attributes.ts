import type {
  Direction,
  FilterRule,
  GivenDirections,
  GivenRule,
  MirrorDirections,
  MirrorType,
  ResourceKind,
} from '@taas/model';
import type { Caller } from '../auth/authenticator.js';
import { badRequest } from '../errors/neutron-error.js';
import { listed } from '../errors/python-repr.js';
import type { Listable } from '../http/list-query.js';
import type { JsonObject } from '../http/request-body.js';
import {
  type AttributeType,
  direction,
  ipAddress,
  mirrorType,
  project,
  text,
  tunnelIds,
  uuid,
  vlanFilter,
} from './attribute-type.js';
import { filterRules } from './filter-rules.js';

export interface Attribute {
  readonly post: boolean;
  readonly put: boolean;
  /** Stands for an absent attribute; without one the attribute is required. */
  readonly default?: unknown;
  readonly type: AttributeType;
  /** Whether lists can be sorted by it. */
  readonly sortable?: boolean;
}

const readOnly: Attribute = { post: false, put: false, type: text };
const required = (type: AttributeType): Attribute => ({ post: true, put: false, type });

const common = {
  id: { post: false, put: false, type: uuid },
  tenant_id: required(project),
  name: { post: true, put: true, default: '', type: text },
  description: { post: true, put: true, default: '', type: text },
} satisfies Record<string, Attribute>;

const status = { status: readOnly, status_reason: readOnly, status_code: readOnly };

/** In Neutron's order, which decides what is complained about first. */
export const attributes: Readonly<Record<ResourceKind, Readonly<Record<string, Attribute>>>> = {
  tap_services: { ...common, port_id: required(uuid), ...status },
  tap_flows: {
    ...common,
    tap_service_id: required(uuid),
    source_port: required(uuid),
    direction: required(direction),
    vlan_filter: { post: true, put: false, default: null, type: vlanFilter },
    filter_rules: { post: true, put: true, default: [], type: filterRules, sortable: false },
    ...status,
  },
  tap_mirrors: {
    ...common,
    port_id: required(uuid),
    directions: { ...required(tunnelIds), sortable: false },
    remote_ip: required(ipAddress),
    mirror_type: required(mirrorType),
    ...status,
  },
};

interface NewTap {
  readonly project_id: string;
  readonly name: string;
  readonly description: string;
}

export interface NewService extends NewTap {
  readonly port_id: string;
}

export interface NewFlow extends NewTap {
  readonly tap_service_id: string;
  readonly source_port: string;
  readonly direction: Direction;
  readonly vlan_filter: string | null;
  readonly filter_rules: FilterRule[];
  readonly filter_rules_given?: GivenRule[];
}

export interface NewMirror extends NewTap {
  readonly port_id: string;
  readonly directions: MirrorDirections;
  readonly directions_given?: GivenDirections;
  readonly remote_ip: string;
  readonly mirror_type: MirrorType;
}

export interface NewOf {
  readonly tap_services: NewService;
  readonly tap_flows: NewFlow;
  readonly tap_mirrors: NewMirror;
}

/**
 * The attributes of a resource that is to be made, those that have a default filled in.
 * @throws NeutronError 400 in Neutron's words, for the first thing wrong in Neutron's order of looking
 */
export function checkCreate<K extends ResourceKind>(kind: K, given: JsonObject, caller: Caller): NewOf[K] {
  const value: Record<string, unknown> = withTenant(given, caller);
  if (!Object.hasOwn(value, 'tenant_id')) {
    if (caller.projectId === '')
      throw badRequest('Running without keystone AuthN requires that tenant_id is specified');
    value['tenant_id'] = caller.projectId;
  }
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
  const { tenant_id, ...rest } = checkValues(kind, value);
  return { ...rest, project_id: tenant_id } as unknown as NewOf[K];
}

/** @throws NeutronError 400; most attributes are read-only, also when the value is unchanged */
export function checkUpdate(
  kind: ResourceKind,
  given: JsonObject,
  caller: Caller,
): { readonly name?: string; readonly description?: string; readonly filter_rules?: FilterRule[] } {
  const value = withTenant(given, caller);
  refuseUnknown(kind, value);
  for (const name of Object.keys(value)) {
    if (!attributes[kind][name]?.put) throw badRequest(`Cannot update read-only attribute ${name}`);
  }
  return checkValues(kind, value);
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
  if (Object.hasOwn(value, 'tenant_id') && value['tenant_id'] !== caller.projectId && !caller.mayNameProject) {
    throw badRequest(
      "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or " +
        'advsvc privileges',
    );
  }
  return value;
}

function refuseUnknown(kind: ResourceKind, value: JsonObject): void {
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(attributes[kind], name));
  if (unknown.length > 0) throw badRequest(`Unrecognized attribute(s) '${listed(unknown.sort())}'`);
}

function checkValues(kind: ResourceKind, value: JsonObject): Record<string, unknown> {
  const checked: Record<string, unknown> = { ...value };
  for (const [name, { type }] of Object.entries(attributes[kind])) {
    if (!Object.hasOwn(value, name)) continue;
    const problem = type.check(value[name]);
    if (problem !== null) throw invalidInput(name, problem);
    if (type.convert) checked[name] = type.convert(value[name]);
    // Undefined too: a change takes an older spelling away.
    if (type.given) checked[`${name}_given`] = type.given(value[name]);
  }
  return checked;
}

export const invalidInput = (attribute: string, problem: string) =>
  badRequest(`Invalid input for ${attribute}. Reason: ${problem}`);

/** What lists of a kind can be filtered and sorted by (project_id being another name of tenant_id), and how long their pages are. */
export function listable(kind: ResourceKind, pageItems: number): Listable {
  const all = Object.entries(attributes[kind]);
  const sortable = all.filter(([, attribute]) => attribute.sortable !== false);
  const names = (some: typeof all) => new Set([...some.map(([name]) => name), 'project_id']);
  return { attributes: names(all), sortable: names(sortable), pageItems };
}
