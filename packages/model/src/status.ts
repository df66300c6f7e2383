import type { TapState } from './state-record.js';

/** The statuses that the API shows; the words are Neutron's. */
export const apiStatuses = ['DOWN', 'PENDING_CREATE', 'ACTIVE', 'ERROR', 'PENDING_DELETE'] as const;
export type ApiStatus = (typeof apiStatuses)[number];

/** A status and why it is not ACTIVE, or a warning if it is: a sentence that a tenant can act on. */
export interface StatusView {
  readonly status: ApiStatus;
  readonly reason: string;
}

/** One node's part in a tap: what it was told, and what it last said. */
export interface NodePart {
  readonly node: string;
  /** Mod revision of the wanted record on that node; null if it has not been written yet. */
  readonly wantedRevision: number | null;
  readonly state: Pick<TapState, 'revision' | 'status' | 'reason'> | null;
  /** Whether the node's agent holds its lease. */
  readonly agentAlive: boolean;
  /** There is a record of the node's agent, and it cannot be used. */
  readonly agentUnreadable?: boolean;
}

export interface StatusInput {
  /** The tap, or the service that it belongs to, is being deleted. */
  readonly deleting: boolean;
  /** Why the tap cannot be placed on nodes now (a port not bound, no common transport), or null if it is placed. */
  readonly obstacle: string | null;
  readonly parts: readonly NodePart[];
}

/**
 * The status of a tap. ACTIVE only if every node concerned has verified the very revision that is
 * wanted now; a node whose agent is silent cannot vouch for anything, so the tap is DOWN though it may still copy.
 */
export function deriveStatus(input: StatusInput): StatusView {
  if (input.deleting) return { status: 'PENDING_DELETE', reason: pendingDelete(input.parts) };
  if (input.obstacle !== null) return { status: 'PENDING_CREATE', reason: input.obstacle };
  if (input.parts.length === 0) return { status: 'DOWN', reason: 'accepted; no node has been told yet' };
  const views = input.parts.map(partStatus);
  return views.reduce(worse);
}

function partStatus(part: NodePart): StatusView {
  const { node, state } = part;
  if (part.wantedRevision === null) return { status: 'DOWN', reason: `accepted; node ${node} has not been told yet` };
  if (part.agentUnreadable) return { status: 'DOWN', reason: unreadableAgent(node) };
  if (!part.agentAlive) return { status: 'DOWN', reason: `the TaaS agent of node ${node} is not running` };
  if (state === null || state.revision < part.wantedRevision)
    return { status: 'PENDING_CREATE', reason: `waiting for node ${node}` };
  switch (state.status) {
    case 'ACTIVE':
      return { status: 'ACTIVE', reason: state.reason };
    case 'PENDING':
      return { status: 'PENDING_CREATE', reason: state.reason };
    case 'DOWN':
      return { status: 'DOWN', reason: state.reason };
    case 'ERROR':
      return { status: 'ERROR', reason: state.reason };
    case 'REMOVED':
      return { status: 'PENDING_CREATE', reason: `waiting for node ${node}` };
  }
}

/** What is said of a node whose agent tells what cannot be true: what is wrong is for the operator, who finds it in log and /readyz. */
export const unreadableAgent = (node: string): string =>
  `what the TaaS agent of node ${node} says of itself cannot be used; the operator sees why`;

function pendingDelete(parts: readonly NodePart[]): string {
  const waiting = parts.filter((part) => part.wantedRevision !== null).map((part) => part.node);
  return waiting.length > 0 ? `waiting for ${[...new Set(waiting)].join(', ')} to confirm removal` : 'being removed';
}

const severity: Record<ApiStatus, number> = { ACTIVE: 0, PENDING_CREATE: 1, DOWN: 2, ERROR: 3, PENDING_DELETE: 4 };

function worse(a: StatusView, b: StatusView): StatusView {
  if (a.status === b.status) return a.reason === '' ? b : a;
  return severity[b.status] > severity[a.status] ? b : a;
}
