import type { PortBinding } from './entry.js';

/** Where a port is, from somebody who knows. */
export type KnownPlace =
  | { readonly is: 'bound'; readonly node: string; readonly projectId: string | null; readonly mtu: number | null }
  /** `reason` is a sentence for the tenant. */
  | { readonly is: 'unbound'; readonly reason: string };

interface Bound {
  readonly node: string;
  readonly written: number;
  readonly binding: PortBinding | null;
}

/**
 * networking-vpp's keys `nodes/<node>/ports/<port>`, of one store. A port that moves may have one on two nodes for a moment,
 * or on none: networking-vpp deletes the old key before it writes the new one, others may do it the other way round.
 */
export class BoundPorts {
  readonly #byPort = new Map<string, readonly Bound[]>();

  /**
   * @param written when the key was last written, in the order of its store: revision or index
   * @param binding what it says, or null if that is malformed
   */
  set(node: string, port: string, written: number, binding: PortBinding | null): void {
    this.#byPort.set(port, [...this.#others(node, port), { node, written, binding }]);
  }

  remove(node: string, port: string): void {
    const others = this.#others(node, port);
    if (others.length > 0) this.#byPort.set(port, others);
    else this.#byPort.delete(port);
  }

  /** Of several keys the one written last counts, as after a migration; malformed ones do not. */
  place(port: string): KnownPlace {
    let best: Bound | undefined;
    const bound = this.#byPort.get(port) ?? [];
    for (const each of bound)
      if (each.binding !== null && (best === undefined || each.written > best.written)) best = each;
    const { projectId = null, mtu = null } = best?.binding ?? {};
    if (best) return { is: 'bound', node: best.node, projectId, mtu };
    const malformed = `the binding of port ${port} in etcd is malformed`;
    return { is: 'unbound', reason: bound.length > 0 ? malformed : notBound(port) };
  }

  #others(node: string, port: string): readonly Bound[] {
    return (this.#byPort.get(port) ?? []).filter((bound) => bound.node !== node);
  }
}

export const notBound = (port: string): string => `port ${port} is not bound to a node`;
