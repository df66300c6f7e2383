import { type Fields, listPage, malformed, objectOf, parseBody, textOr } from './answer.js';

/** What TaaS needs to know of a Neutron port. */
export interface NeutronPort {
  readonly id: string;
  readonly projectId: string;
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
    projectId: text(fields['project_id'] ?? fields['tenant_id'], 'project_id'),
    networkId: text(fields['network_id'], 'network_id'),
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

/** Ports of some of Neutron's own services have an empty project. */
function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw malformed(`a port's ${what} is not a text`);
}
