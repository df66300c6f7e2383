import type { FilterRule, StatusView } from '@taas/model';
import type { Caller } from '../auth/authenticator.js';
import { badRequest } from '../errors/neutron-error.js';
import { listed } from '../errors/python-repr.js';
import type { Listable } from '../http/list-query.js';
import type { JsonObject } from '../http/request-body.js';
import { type AttributeType, moment, project, saying, text, users, uuid } from './attribute-type.js';

export interface Attribute {
  readonly post: boolean;
  readonly put: boolean;
  /** Stands for an absent attribute; without one the attribute is required. */
  readonly default?: unknown;
  readonly type: AttributeType;
  /** For people, in the description of the API. */
  readonly about: string;
  /** Whether lists can be sorted by it. */
  readonly sortable?: boolean;
}

const readOnly = (about: string): Attribute => ({ post: false, put: false, type: text, about });
export const required = (type: AttributeType, about: string): Attribute => ({ post: true, put: false, type, about });

/** Those of every kind, first in Neutron's order. */
export const commonAttributes = {
  id: { post: false, put: false, type: uuid, about: 'Given by the server.' },
  tenant_id: required(
    project,
    'The project; project_id is the same. Only an administrator may name another than the own.',
  ),
  name: { post: true, put: true, default: '', type: text, about: 'Any text; need not be unique.' },
  description: { post: true, put: true, default: '', type: text, about: 'Any text.' },
} satisfies Record<string, Attribute>;

/** Those of every kind, before the status. */
export const termAttributes = {
  expires_at: {
    post: true,
    put: true,
    default: null,
    type: moment,
    sortable: false,
    about:
      'When it goes by itself, such as 2026-11-30T18:00:00Z; null: never. Without it, as the operator has configured. Can be changed, ' +
      'which renews it.',
  },
  reason: {
    post: true,
    put: true,
    default: '',
    type: saying,
    about:
      "Why it is there. Where the operator wants one and it is not given, the description is taken. Shown to the port's owner.",
  },
} satisfies Record<string, Attribute>;

/** Those of what copies a port's traffic. */
export const consentAttributes = {
  consent: {
    ...readOnly('not_needed; waiting: nothing is copied until a second person agrees; given.'),
    sortable: false,
  },
  requested_by: {
    post: false,
    put: false,
    type: users,
    sortable: false,
    about: 'The users who have asked for it since somebody agreed last: none of them may agree. Empty if not_needed.',
  },
  agreed_by: { ...readOnly('The user who has agreed; null if nobody has.'), sortable: false },
  consent_to: {
    ...readOnly(
      'What is agreed to, in short: an approval sends it back, and is refused if the tap has changed. Null if not_needed.',
    ),
    sortable: false,
  },
} satisfies Record<string, Attribute>;

/** Those of every kind, last. */
export const statusAttributes = {
  status: readOnly('DOWN, PENDING_CREATE, ACTIVE, ERROR or PENDING_DELETE.'),
  status_reason: readOnly('Why it is not ACTIVE; of an ACTIVE tap, what to be warned of.'),
  status_code: readOnly('status_reason for programs: a code of docs/reference/status-codes.md.'),
} satisfies Record<string, Attribute>;

/** What {@link statusAttributes} show, but for `status` itself, which has its place in Neutron's order. */
export const shownStatus = ({ reason, code }: StatusView) => ({ status_reason: reason, status_code: code });

/** The attributes of one kind, in Neutron's order. */
type Attributes = Readonly<Record<string, Attribute>>;

/** What every tap that is to be made has; what else its kind's attributes say. */
export interface NewTap {
  readonly project_id: string;
  readonly name: string;
  readonly description: string;
}

/**
 * The attributes of a resource that is to be made, those that have a default filled in.
 * @throws NeutronError 400 in Neutron's words, for the first thing wrong in Neutron's order of looking
 */
export function checkCreate(attributes: Attributes, given: JsonObject, caller: Caller): NewTap {
  const value: Record<string, unknown> = withTenant(given, caller);
  if (!Object.hasOwn(value, 'tenant_id')) {
    if (caller.projectId === '')
      throw badRequest('Running without keystone AuthN requires that tenant_id is specified');
    value['tenant_id'] = caller.projectId;
  }
  refuseUnknown(attributes, value);
  for (const [name, attribute] of Object.entries(attributes)) {
    if (!attribute.post) {
      if (Object.hasOwn(value, name)) throw badRequest(`Attribute '${name}' not allowed in POST`);
    } else if (!Object.hasOwn(value, name)) {
      if (attribute.default === undefined) {
        throw notSpecified(name);
      }
      value[name] = attribute.default;
    }
  }
  const { tenant_id, ...rest } = checkValues(attributes, value);
  return { ...rest, project_id: tenant_id } as unknown as NewTap;
}

/** @throws NeutronError 400; most attributes are read-only, also when the value is unchanged */
export function checkUpdate(
  attributes: Attributes,
  given: JsonObject,
  caller: Caller,
): {
  readonly name?: string;
  readonly description?: string;
  readonly filter_rules?: FilterRule[];
  readonly expires_at?: number;
  readonly reason?: string;
} {
  const value = withTenant(given, caller);
  refuseUnknown(attributes, value);
  for (const name of Object.keys(value)) {
    if (!attributes[name]?.put) throw badRequest(`Cannot update read-only attribute ${name}`);
  }
  return checkValues(attributes, value);
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

function refuseUnknown(attributes: Attributes, value: JsonObject): void {
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(attributes, name));
  if (unknown.length > 0) throw badRequest(`Unrecognized attribute(s) '${listed(unknown.sort())}'`);
}

function checkValues(attributes: Attributes, value: JsonObject): Record<string, unknown> {
  const checked: Record<string, unknown> = { ...value };
  for (const [name, { type }] of Object.entries(attributes)) {
    if (!Object.hasOwn(value, name)) continue;
    const problem = type.check(value[name]);
    if (problem !== null) throw invalidInput(name, problem);
    if (type.convert) checked[name] = type.convert(value[name]);
    // Undefined too: a change takes an older spelling away.
    if (type.given) checked[`${name}_given`] = type.given(value[name]);
  }
  return checked;
}

export const notSpecified = (name: string) =>
  badRequest(`Failed to parse request. Required attribute '${name}' not specified`);

export const invalidInput = (attribute: string, problem: string) =>
  badRequest(`Invalid input for ${attribute}. Reason: ${problem}`);

/** What lists of a kind can be filtered and sorted by (project_id being another name of tenant_id), and how long their pages are. */
export function listable(attributes: Attributes, pageItems: number): Listable {
  const all = Object.entries(attributes);
  const sortable = all.filter(([, attribute]) => attribute.sortable !== false);
  const names = (some: typeof all) => new Set([...some.map(([name]) => name), 'project_id']);
  return { attributes: names(all), sortable: names(sortable), pageItems };
}
