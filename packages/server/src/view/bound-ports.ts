import type { ParsedKey } from '@taas/model';
import type { PortBinding } from './entry.js';
import { Groups } from './groups.js';
import { SharedRecords } from './shared-records.js';

/** A key of networking-vpp's that says where ports are bound. */
export type BindingKey = Extract<ParsedKey, { readonly is: 'bound-port' | 'bound-trunk' }>;

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

interface Kept extends Bound {
  readonly isTrunk: boolean;
}

/**
 * networking-vpp's keys that say where ports are bound, of one store: `nodes/<node>/ports/<port>`, and of a trunk's subports
 * `nodes/<node>/trunks/<trunk's port>`. A port that moves may have one on two nodes for a moment, or on none: networking-vpp
 * deletes the old key before it writes the new one, others may do it the other way round.
 */
export class BoundPorts {
  readonly #byPort = new Groups<string, Kept>();
  readonly #byNode = new Groups<string, Kept>();
  /** By node and the trunk's port. */
  readonly #trunks = new Map<string, Kept>();
  readonly #bindings = new SharedRecords<PortBinding>();
  /** Keys whose values are not believed, with the ports that they may be about. */
  readonly #refused = new Map<string, readonly string[]>();
  readonly #refusedByPort = new Groups<string, string>();

  /**
   * A key's value is not believed: it says nothing, and nobody knows what whoever may write it would say of its ports; of a trunk's,
   * those that the key was about before.
   * @returns the ports of which it said something, or that it may be about
   */
  refuse(at: BindingKey): ReadonlySet<string> {
    const before = this.set(at, undefined);
    const ports = at.is === 'bound-trunk' ? [...before] : [at.port];
    this.#refused.set(nameOf(at), ports);
    for (const each of ports) this.#refusedByPort.add(each, nameOf(at));
    return new Set([...before, ...ports]);
  }

  /** @param bound undefined when the key is gone @returns the ports of which it says something, or said it */
  set(at: BindingKey, bound: Bound | undefined): ReadonlySet<string> {
    const refused = this.#forgetRefused(at);
    const before = this.#find(at);
    if (before) this.#remove(at, before);
    if (bound) this.#add(at, bound);
    return new Set([...refused, ...(before?.ports ?? []), ...(bound?.ports ?? [])]);
  }

  #remove(at: BindingKey, kept: Kept): void {
    if (kept.isTrunk) this.#trunks.delete(nameOf(at));
    this.#byNode.remove(kept.node, kept);
    for (const port of kept.ports) this.#byPort.remove(port, kept);
  }

  #add(at: BindingKey, { node, ports, written, binding }: Bound): void {
    const kept = { isTrunk: at.is === 'bound-trunk', node, ports, written, binding: binding && this.#shared(binding) };
    if (kept.isTrunk) this.#trunks.set(nameOf(at), kept);
    this.#byNode.add(node, kept);
    for (const port of ports) this.#byPort.add(port, kept);
  }

  /** Ports without project have few of them. */
  #shared(binding: PortBinding): PortBinding {
    return this.#bindings.of(JSON.stringify(binding), () => binding);
  }

  #find(at: BindingKey): Kept | undefined {
    if (at.is === 'bound-trunk') return this.#trunks.get(nameOf(at));
    for (const each of this.#byPort.members(at.port)) if (!each.isTrunk && each.node === at.node) return each;
    return undefined;
  }

  #forgetRefused(at: BindingKey): readonly string[] {
    if (this.#refused.size === 0) return [];
    const refused = this.#refused.get(nameOf(at)) ?? [];
    for (const port of refused) this.#refusedByPort.remove(port, nameOf(at));
    this.#refused.delete(nameOf(at));
    return refused;
  }

  /** Ports that may be bound on a node. */
  onNode(node: string): readonly string[] {
    return this.#byNode.get(node).flatMap(({ ports }) => ports);
  }

  /**
   * Of several keys the one written last counts, as after a migration; malformed ones do not, and those that are not believed
   * only so that nobody concludes from their being there that the port is bound nowhere.
   */
  place(port: string): BoundPlace {
    const bound = this.#byPort.members(port);
    let best: Bound | undefined;
    for (const each of bound)
      if (each.binding !== null && (best === undefined || each.written > best.written)) best = each;
    const { projectId = null, mtu = null } = best?.binding ?? {};
    if (best) return { is: 'bound', node: best.node, projectId, mtu };
    if (this.#refusedByPort.count(port) > 0) return { is: 'unknown' };
    const malformed = `the binding of port ${port} in etcd is malformed`;
    return { is: 'unbound', reason: this.#byPort.count(port) > 0 ? malformed : notBound(port) };
  }
}

const nameOf = ({ is, node, port }: BindingKey): string => `${is}/${node}/${port}`;

export const notBound = (port: string): string => `port ${port} is not bound to a node`;
