import type { ApiStatus } from './api-status.js';

/**
 * Why a tap has its status, for programs: `status_code` beside the sentence `status_reason`. With each code the statuses that it
 * may stand beside. A code is never renamed and never gets another meaning; docs/reference/status-codes.md says what each means.
 */
export const statusCodes = {
  ok: ['ACTIVE'],
  // ACTIVE, with a warning.
  mtu_too_small: ['ACTIVE'],
  copies_dropped: ['ACTIVE'],
  expires_soon: ['ACTIVE'],
  receipts_missing: ['ACTIVE'],
  // Between API, compiler and agent.
  not_published: ['DOWN'],
  waiting_for_node: ['PENDING_CREATE'],
  status_unknown: ['DOWN'],
  state_unreadable: ['DOWN'],
  agent_not_running: ['DOWN'],
  agent_record_invalid: ['DOWN', 'PENDING_CREATE'],
  vpp_disconnected: ['PENDING_CREATE'],
  waiting_for_removal: ['PENDING_DELETE'],
  being_deleted: ['PENDING_CREATE', 'PENDING_DELETE'],
  // Seen by the agent on a tap that stood.
  wiring_changed: ['DOWN'],
  no_copies_observed: ['DOWN'],
  collector_link_down: ['DOWN'],
  feature_bits_unknown: ['DOWN'],
  // Ports.
  port_not_bound: ['PENDING_CREATE'],
  port_binding_unknown: ['PENDING_CREATE'],
  port_owner_unknown: ['PENDING_CREATE'],
  port_of_other_project: ['ERROR'],
  port_role_conflict: ['ERROR'],
  port_not_on_node: ['PENDING_CREATE'],
  port_not_connected: ['PENDING_CREATE'],
  port_down: ['PENDING_CREATE'],
  port_is_subport: ['ERROR'],
  port_ambiguous: ['ERROR'],
  // People.
  waiting_for_consent: ['PENDING_CREATE'],
  // The way of the copies.
  no_common_network: ['PENDING_CREATE'],
  segments_exhausted: ['PENDING_CREATE'],
  segments_unsafe: ['PENDING_CREATE'],
  sessions_exhausted: ['PENDING_CREATE'],
  waiting_for_tap_service: ['PENDING_CREATE'],
  uplink_missing: ['PENDING_CREATE'],
  uplink_ambiguous: ['ERROR'],
  link_down: ['PENDING_CREATE'],
  no_route: ['PENDING_CREATE'],
  no_tunnel_address: ['PENDING_CREATE'],
  tunnel_address_mismatch: ['PENDING_CREATE'],
  tunnel_address_conflict: ['PENDING_CREATE', 'ERROR'],
  address_family_mismatch: ['PENDING_CREATE'],
  remote_ip_refused: ['ERROR'],
  remote_ip_unchecked: ['PENDING_CREATE'],
  // What was asked for.
  filter_invalid: ['ERROR'],
  tunnel_id_unsupported: ['ERROR'],
  unsupported_by_node: ['PENDING_CREATE'],
  over_budget: ['ERROR'],
  // VPP and records.
  waiting_for_release: ['PENDING_CREATE'],
  taken_by_others: ['ERROR'],
  node_ids_exhausted: ['ERROR'],
  vpp_refused: ['ERROR'],
  not_in_place: ['ERROR'],
  record_invalid: ['PENDING_CREATE', 'ERROR'],
  internal_error: ['ERROR'],
  // Said by an agent that gives no codes, or one that this server does not know.
  unspecified: ['ACTIVE', 'PENDING_CREATE', 'DOWN', 'ERROR'],
} as const satisfies Readonly<Record<string, readonly ApiStatus[]>>;

export type StatusCode = keyof typeof statusCodes;

/** Why something is as it is: for programs, and for people. */
export interface Because {
  readonly code: StatusCode;
  /** A sentence that a tenant can act on. */
  readonly reason: string;
}

/** A {@link Because} in one line. */
export function because(code: StatusCode, reason: string): Because {
  return { code, reason };
}

export function isStatusCode(code: string): code is StatusCode {
  return Object.hasOwn(statusCodes, code);
}

/**
 * A code as an agent has written it, beside the status that it means. An older agent writes none, and a newer one may write one
 * that we do not know, or that did not stand beside this status.
 */
export function statusCodeOf(written: string | undefined, status: ApiStatus): StatusCode {
  if (written === undefined || !isStatusCode(written)) return 'unspecified';
  const besides: readonly ApiStatus[] = statusCodes[written];
  return besides.includes(status) ? written : 'unspecified';
}
