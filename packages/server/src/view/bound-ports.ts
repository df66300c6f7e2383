import type { PortBinding } from './entry.js';
import { Groups } from './groups.js';

/** Where a port is, from somebody who knows. */
export type KnownPlace =
  | { readonly is: 'bound'; readonly node: string; readonly projectId: string | null; readonly mtu: number | null }
  /** `reason` is a sentence for the tenant. */
  | { readonly is: 'unbound'; readonly reason: string };

/** Where a port is, as keys say of which some are not believed. */
export type BoundPlace = KnownPlace | { readonly is: 'unknown' };

/** What one key says. */
export interface Bound {
  readonly node: string;
  /** The port, or a trunk's subports. */
  readonly ports: readonly string[];
  /** When the key was last written, in the order of its store: revision or index. */
  readonly written: number;
  /** Null if the key's value is malformed. */
  readonly binding: PortBinding | null;
}

/**
 * networking-vpp's keys that say where ports are bound, of one store: `nodes/<node>/ports/<port>`, and of a trunk's subports
 * `nodes/<node>/trunks/<trunk's port>`. A port that moves may have one on two nodes for a moment, or on none: networking-vpp
 * deletes the old key before it writes the new one, others may do it the other way round.
 */
export class BoundPorts {
  readonly #byKey = new Map<string, Bound>();
  readonly #byPort = new Groups<string, string>();
  readonly #byNode = new Groups<string, string>();
  /** Keys whose values are not believed, with the ports that they may be about. */
  readonly #refused = new Map<string, readonly string[]>();
  readonly #refusedByPort = new Groups<string, string>();

  /**
   * A key's value is not believed: it says nothing, and nobody knows what whoever may write it would say of its ports.
   * @param port null for a trunk: then those that the key was about before
   * @returns the ports of which it said something, or that it may be about
   */
  refuse(key: string, port: string | null): ReadonlySet<string> {
    const before = this.set(key, undefined);
    const ports = port === null ? [...before] : [port];
    this.#refused.set(key, ports);
    for (const each of ports) this.#refusedByPort.add(each, key);
    return new Set([...before, ...ports]);
  }

  /** @param bound undefined when the key is gone @returns the ports of which it says something, or said it */
  set(key: string, bound: Bound | undefined): ReadonlySet<string> {
    const refused = this.#refused.get(key) ?? [];
    for (const port of refused) this.#refusedByPort.remove(port, key);
    this.#refused.delete(key);
    const before = this.#byKey.get(key);
    for (const port of before?.ports ?? []) this.#byPort.remove(port, key);
    if (before) this.#byNode.remove(before.node, key);
    this.#byKey.delete(key);
    if (bound) {
      this.#byKey.set(key, bound);
      this.#byNode.add(bound.node, key);
      for (const port of bound.ports) this.#byPort.add(port, key);
    }
    return new Set([...refused, ...(before?.ports ?? []), ...(bound?.ports ?? [])]);
  }

  /** Ports that may be bound on a node. */
  onNode(node: string): readonly string[] {
    return this.#byNode.get(node).flatMap((key) => this.#byKey.get(key)?.ports ?? []);
  }

  /**
   * Of several keys the one written last counts, as after a migration; malformed ones do not, and those that are not believed
   * only so that nobody concludes from their being there that the port is bound nowhere.
   */
  place(port: string): BoundPlace {
    const bound = this.#byPort.get(port).flatMap((key) => this.#byKey.get(key) ?? []);
    let best: Bound | undefined;
    for (const each of bound)
      if (each.binding !== null && (best === undefined || each.written > best.written)) best = each;
    const { projectId = null, mtu = null } = best?.binding ?? {};
    if (best) return { is: 'bound', node: best.node, projectId, mtu };
    if (this.#refusedByPort.count(port) > 0) return { is: 'unknown' };
    const malformed = `the binding of port ${port} in etcd is malformed`;
    return { is: 'unbound', reason: bound.length > 0 ? malformed : notBound(port) };
  }
}

export const notBound = (port: string): string => `port ${port} is not bound to a node`;
