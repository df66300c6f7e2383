import type { ApiStatus } from './api-status.js';
import type { TapState, TapStateStatus } from './state-record.js';
import { type Because, type StatusCode, statusCodeOf } from './status-code.js';

/** A status and why it is not ACTIVE, or a warning if it is. */
export interface StatusView extends Because {
  readonly status: ApiStatus;
}

/** A tap that was accepted, and of which no node knows yet. */
export const acceptedOnly: StatusView = {
  status: 'DOWN',
  code: 'not_published',
  reason: 'accepted; no node has been told yet',
};

/** One node's part in a tap: what it was told, and what it last said. */
export interface NodePart {
  readonly node: string;
  /** Mod revision of the wanted record on that node; null if it has not been written yet. */
  readonly wantedRevision: number | null;
  readonly state: Pick<TapState, 'revision' | 'status' | 'status_code' | 'reason'> | null;
  /** Whether the node's agent holds its lease. */
  readonly agentAlive: boolean;
  /** There is a record of the node's agent, and it cannot be used. */
  readonly agentUnreadable?: boolean;
  /** There is a state of the tap, and it cannot be read: it may be of an agent that is newer than this program. */
  readonly stateUnreadable?: boolean;
}

export interface StatusInput {
  /** The tap, or the service that it belongs to, is being deleted. */
  readonly deleting: boolean;
  /** Why the tap cannot be placed on nodes now (a port not bound, no common transport), or null if it is placed. */
  readonly blocker: Because | null;
  readonly parts: readonly NodePart[];
}

/**
 * The status of a tap. ACTIVE only if every node concerned has verified the very revision that is
 * wanted now; a node whose agent is silent cannot vouch for anything, so the tap is DOWN though it may still copy.
 */
export function deriveStatus(input: StatusInput): StatusView {
  if (input.deleting) return { status: 'PENDING_DELETE', ...pendingDelete(input.parts) };
  if (input.blocker !== null) return { status: 'PENDING_CREATE', ...input.blocker };
  if (input.parts.length === 0) return acceptedOnly;
  const views = input.parts.map(partStatus);
  return views.reduce(worse);
}

function partStatus(part: NodePart): StatusView {
  const { node, state } = part;
  const down = (code: StatusCode, reason: string): StatusView => ({ status: 'DOWN', code, reason });
  if (part.wantedRevision === null) return down('not_published', `accepted; node ${node} has not been told yet`);
  if (part.agentUnreadable) return { status: 'DOWN', ...unreadableAgent(node) };
  if (!part.agentAlive) return down('agent_not_running', `the TaaS agent of node ${node} is not running`);
  if (part.stateUnreadable) return { status: 'DOWN', ...unreadableState(node) };
  const waits = { status: 'PENDING_CREATE', code: 'waiting_for_node', reason: `waiting for node ${node}` } as const;
  if (state === null || state.revision < part.wantedRevision || state.status === 'REMOVED') return waits;
  const status = shownAs[state.status];
  return { status, code: statusCodeOf(state.status_code, status), reason: state.reason };
}

const shownAs: Readonly<Record<Exclude<TapStateStatus, 'REMOVED'>, ApiStatus>> = {
  ACTIVE: 'ACTIVE',
  PENDING: 'PENDING_CREATE',
  DOWN: 'DOWN',
  ERROR: 'ERROR',
};

/** What is said of a node whose agent tells what cannot be true: what is wrong is for the operator, who finds it in log and /readyz. */
export const unreadableAgent = (node: string): Because => ({
  code: 'agent_record_invalid',
  reason: `what the TaaS agent of node ${node} says of itself cannot be used; the operator sees why`,
});

const unreadableState = (node: string): Because => ({
  code: 'state_unreadable',
  reason: `what node ${node} says of this tap cannot be read by this server; the tap is left as it is`,
});

function pendingDelete(parts: readonly NodePart[]): Because {
  const waiting = parts.filter((part) => part.wantedRevision !== null).map((part) => part.node);
  if (waiting.length === 0) return { code: 'being_deleted', reason: 'being removed' };
  return { code: 'waiting_for_removal', reason: `waiting for ${[...new Set(waiting)].join(', ')} to confirm removal` };
}

const severity: Record<ApiStatus, number> = { ACTIVE: 0, PENDING_CREATE: 1, DOWN: 2, ERROR: 3, PENDING_DELETE: 4 };

function worse(a: StatusView, b: StatusView): StatusView {
  if (a.status === b.status) return a.reason === '' ? b : a;
  return severity[b.status] > severity[a.status] ? b : a;
}
