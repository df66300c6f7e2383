import type { PortLookup } from '@taas/neutron';
import type { Caller } from '../../auth/authenticator.js';
import type { ClusterView } from '../../view/cluster-view.js';

/** What is known of a port. */
export type PortKnowledge =
  /**
   * `projectId` is null if whoever knows the port does not say whose it is. `visible`: the caller may know that the port
   * exists, though it is not theirs.
   */
  | { readonly is: 'known'; readonly projectId: string | null; readonly visible: boolean }
  /** Nobody has heard of it yet: it may be bound later, and whose it is can then still be found out. */
  | { readonly is: 'unknown' }
  /** There is no such port, or none that the caller may see. */
  | { readonly is: 'absent' };

/** Where the API asks whose a port is. */
export interface PortDirectory {
  /** @throws an error of the source when it cannot say: then nothing may be created */
  lookup(portId: string, caller: Caller, signal: AbortSignal): Promise<PortKnowledge>;
}

/**
 * The ports that networking-vpp has bound. A port that is not bound is unknown, not absent: it may be bound later, and
 * whose it is can then still be found out, by the compiler.
 */
export function boundPorts(view: ClusterView): PortDirectory {
  return {
    lookup: async (portId, caller) => {
      const place = view.places.of(portId);
      if (place.is !== 'bound') return { is: 'unknown' };
      return { is: 'known', projectId: place.projectId, visible: caller.isAdmin };
    },
  };
}

/**
 * Neutron's ports, asked for with the caller's own token: what they may not see does not exist. A port's project never
 * changes; that it was deleted meanwhile is noticed by whoever follows ports.
 */
export function neutronPorts(lookup: Pick<PortLookup, 'portAsCaller'>): PortDirectory {
  return {
    lookup: async (portId, { token, projectId }, signal) => {
      const port = token === null ? null : await lookup.portAsCaller(portId, { token, projectId }, signal);
      return port === null ? { is: 'absent' } : { is: 'known', projectId: port.projectId, visible: true };
    },
  };
}
