import { isStatusCode, type StatusCode } from '@taas/model';

/** Who can mend what a status code tells of: it mends itself, the tap's owner can, or the operator must. */
export type Mender = 'nobody' | 'time' | 'tenant' | 'operator';

export interface Advice {
  readonly by: Mender;
  /** What mends it. */
  readonly mend: string;
}

const page = 'docs/reference/status-codes.md';
const operator = (mend: string): Advice => ({ by: 'operator', mend });
const tenant = (mend: string): Advice => ({ by: 'tenant', mend });
const time = (mend: string): Advice => ({ by: 'time', mend });

/** What mends each state that a tap can be in. A code without an entry does not compile. */
export const statusAdvice: Readonly<Record<StatusCode, Advice>> = {
  ok: { by: 'nobody', mend: 'nothing to do' },
  mtu_too_small: operator("raise the underlay's MTU on the node: vppctl show interface names it"),
  copies_dropped: tenant('copy less, with filter_rules; or ask the operator for a larger budget'),
  receipts_missing: operator(
    'docs/reference/receipts.md; receipts.address of the leading server, and the way from there to the node',
  ),
  expires_soon: tenant('taas renew, if it is needed for longer'),
  waiting_for_consent: tenant('have somebody else of the project run taas approve'),
  not_published: time('wait; if it stays, no server leads: taas doctor --server-health URL'),
  waiting_for_node: time('wait; if it stays: journalctl -u taas-agent on the node that the reason names'),
  status_unknown: time('ask again later; if it stays, the server does not reach etcd: taas doctor --server-health URL'),
  state_unreadable: operator('upgrade the servers before the agents: taas doctor --server-health URL names the record'),
  agent_not_running: operator('systemctl start taas-agent on the node that the reason names'),
  agent_record_invalid: operator('taas doctor --server-health URL names the record'),
  vpp_disconnected: operator('systemctl status vpp on the node that the reason names'),
  waiting_for_removal: time('wait; a node that is down confirms when it is back'),
  being_deleted: time('wait'),
  wiring_changed: time('wait; if it comes again: journalctl -u taas-agent on the node says what is undone'),
  no_copies_observed: operator(
    'docs/decisions/0021-copies-that-do-not-move.md; vppctl show interface span on the node',
  ),
  collector_link_down: tenant("start the VM of the tap service's port: openstack server start"),
  feature_bits_unknown: operator('docs/decisions/0037-one-agent-for-releases.md; journalctl -u taas-agent on the node'),
  port_not_bound: tenant('start the VM of the port, or attach the port to one: openstack server add port'),
  port_binding_unknown: operator('networking_vpp.bindings of the server: docs/reference/configuration.md'),
  port_owner_unknown: operator('see whether Neutron answers: openstack port show'),
  port_of_other_project: tenant('delete the tap: taas delete'),
  port_role_conflict: tenant('delete the tap flow: taas delete'),
  port_not_on_node: operator("networking-vpp's agent on the node: journalctl -u networking-vpp-agent"),
  port_not_connected: operator("networking-vpp's agent on the node: journalctl -u networking-vpp-agent"),
  port_down: tenant("start the VM of the tap service's port: openstack server start"),
  port_is_subport: tenant('use another port for the tap service: taas create service --port'),
  port_ambiguous: operator('remove one of the two interfaces: vppctl show interface on the node'),
  no_common_network: operator('segments of the server must name what both nodes have: docs/reference/configuration.md'),
  segments_exhausted: tenant(
    'delete a tap service that is not needed: taas delete; or ask the operator for more segments',
  ),
  segments_unsafe: operator('docs/how-to/isolation-of-copies.md; taas doctor --server-health URL says why'),
  sessions_exhausted: tenant('delete a tap mirror that is not needed: taas delete; or use --type gre'),
  waiting_for_tap_service: time('wait'),
  uplink_missing: operator("configure the physnet's uplink in VPP on the node"),
  uplink_ambiguous: operator('remove one of the two uplinks of the physnet on the node'),
  link_down: operator('vppctl set interface state INTERFACE up on the node; see whether its peer is connected'),
  no_route: operator("add a route to VPP's default table on the node: vppctl ip route add"),
  no_tunnel_address: operator('tunnel_address of the agent: docs/reference/configuration.md'),
  tunnel_address_mismatch: time('wait'),
  tunnel_address_conflict: tenant(
    'of a tap mirror: use another --remote-ip; else the operator: two nodes have one tunnel_address',
  ),
  address_family_mismatch: tenant('use a --remote-ip of the other IP version'),
  remote_ip_refused: tenant('make a tap mirror with another --remote-ip'),
  remote_ip_unchecked: operator('tap_mirrors.underlay_subnets of the server: docs/reference/configuration.md'),
  filter_invalid: tenant('change the filter: the reason names the rule'),
  tunnel_id_unsupported: tenant('use another tunnel id'),
  unsupported_by_node: tenant('use another --type; or ask the operator for a newer VPP on that node'),
  over_budget: tenant('copy less, with filter_rules; it goes on by itself'),
  waiting_for_release: time('wait; of a tap mirror, another tunnel id is free at once'),
  taken_by_others: operator('remove what the reason names from VPP on the node'),
  node_ids_exhausted: tenant('delete a tap that is not needed: taas delete; or ask the operator for more'),
  vpp_refused: operator("journalctl -u taas-agent on the node has VPP's answer"),
  not_in_place: time('wait; if it stays: journalctl -u taas-agent on the node'),
  record_invalid: operator('taas doctor --server-health URL names the key'),
  internal_error: operator('report it with taas bundle and the log of the server'),
  unspecified: operator('read the reason; upgrade agent and server to one release'),
};

/** As {@link statusAdvice}; a code of a newer server is as good as none. */
export function adviceFor(code: string): Advice & { readonly page: string } {
  return { ...statusAdvice[isStatusCode(code) ? code : 'unspecified'], page };
}
