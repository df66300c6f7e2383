import type { ClusterView } from '../view/cluster-view.js';

/** What is known of a port's owner. */
export type PortKnowledge =
  /** `projectId` is null if whoever knows the port does not say whose it is. */
  { readonly known: true; readonly projectId: string | null } | { readonly known: false };

/** Where the API asks whose a port is. */
export interface PortDirectory {
  lookup(portId: string): Promise<PortKnowledge>;
}

/**
 * The ports that networking-vpp has bound. A port that is not bound is unknown, not absent: it may be bound later, and
 * whose it is can then still be found out, by the compiler.
 */
export function boundPorts(view: ClusterView): PortDirectory {
  return {
    lookup: async (portId) => {
      const binding = view.binding(portId);
      return binding ? { known: true, projectId: binding.entry.record?.projectId ?? null } : { known: false };
    },
  };
}
