import { type Fields, listPage, malformed, objectOf, parseBody, textOr } from './answer.js';
import { NeutronUnavailableError } from './neutron-error.js';

/** What TaaS needs to know of a Neutron port. */
export interface NeutronPort {
  readonly id: string;
  /** Null if Neutron does not say: ports of some of its own services belong to no project. */
  readonly projectId: string | null;
  readonly networkId: string;
  /** Such as `compute:nova` or `network:dhcp`; empty for a port that nothing uses. */
  readonly deviceOwner: string;
  readonly deviceId: string;
  readonly adminStateUp: boolean;
  readonly status: string;
  /** Null if Neutron does not show bindings to the token that asked: it does so to admins and services only. */
  readonly binding: PortBinding | null;
}

export interface PortBinding {
  /** The node; null for a port that is not bound. */
  readonly hostId: string | null;
  /** Such as `vhostuser`, `unbound`, `binding_failed`. */
  readonly vifType: string;
}

/** The attributes to ask for; more would only be longer. */
export const portFields: readonly string[] = [
  'id',
  'project_id',
  'tenant_id',
  'network_id',
  'device_owner',
  'device_id',
  'admin_state_up',
  'status',
  'binding:host_id',
  'binding:vif_type',
];

/** @throws NeutronUnavailableError if the body is no `{"port": ...}` */
export function parsePort(body: string): NeutronPort {
  return portOf(objectOf(parseBody(body)['port'], 'port'));
}

/**
 * Whether the body of a 404 is Neutron's word that the port does not exist, and not that of a proxy, or that a path is not known.
 * Source: neutron_lib.exceptions.PortNotFound, as neutron.api.api_common translates it.
 */
export function saysPortNotFound(body: string): boolean {
  try {
    return objectOf(parseBody(body)['NeutronError'], 'NeutronError')['type'] === 'PortNotFound';
  } catch (error) {
    if (error instanceof NeutronUnavailableError) return false;
    throw error;
  }
}

/** A page of ports, and whether Neutron says that there are more. */
export interface PortPage {
  readonly ports: readonly NeutronPort[];
  readonly more: boolean;
}

/** @throws NeutronUnavailableError if the body is no `{"ports": [...]}` */
export function parsePortPage(body: string): PortPage {
  const { items, more } = listPage(body, 'ports');
  return { ports: items.map(portOf), more };
}

function portOf(fields: Fields): NeutronPort {
  return {
    id: text(fields['id'], 'id'),
    projectId: textOr(fields['project_id'], '') || textOr(fields['tenant_id'], '') || null,
    networkId: textOr(fields['network_id'], ''),
    deviceOwner: textOr(fields['device_owner'], ''),
    deviceId: textOr(fields['device_id'], ''),
    adminStateUp: fields['admin_state_up'] !== false,
    status: textOr(fields['status'], ''),
    binding: bindingOf(fields),
  };
}

function bindingOf(fields: Fields): PortBinding | null {
  if (!Object.hasOwn(fields, 'binding:host_id')) return null;
  const hostId = textOr(fields['binding:host_id'], '');
  return { hostId: hostId === '' ? null : hostId, vifType: textOr(fields['binding:vif_type'], '') };
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw malformed(`a port's ${what} is not a text`);
}
