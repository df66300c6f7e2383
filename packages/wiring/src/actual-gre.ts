/** What tells one GRE tunnel of VPP from another (plugins/gre/gre.h). Addresses are text, as `canonicalAddress` writes. */
export interface GreSpec {
  readonly type: 'teb' | 'erspan';
  readonly local: string;
  readonly remote: string;
  /** The GRE key of `teb`, the session id of `erspan`. VPP knows no key 0: it is no key at all. */
  readonly id: number;
}

/** A tunnel that carries Ethernet; VPP's other kinds are of no interest here. */
export interface ActualGreTunnel extends GreSpec {
  readonly index: number;
  /** The number in the tunnel's name. */
  readonly instance: number;
}

/** The GRE tunnels that VPP has. */
export interface GreTunnelView {
  ofInterface(index: number): ActualGreTunnel | undefined;
  like(spec: GreSpec): ActualGreTunnel | undefined;
  hasInstance(instance: number): boolean;
  all(): Iterable<ActualGreTunnel>;
}

/** The tunnels as last read, found by interface and by what they are. */
export class GreTunnels implements GreTunnelView {
  readonly #byIndex = new Map<number, ActualGreTunnel>();
  readonly #byKey = new Map<string, ActualGreTunnel>();
  readonly #instances = new Set<number>();

  put(tunnel: ActualGreTunnel): void {
    this.remove(tunnel.index);
    this.#byIndex.set(tunnel.index, tunnel);
    this.#byKey.set(greKey(tunnel), tunnel);
    this.#instances.add(tunnel.instance);
  }

  remove(index: number): void {
    const old = this.#byIndex.get(index);
    if (!old) return;
    this.#byIndex.delete(index);
    this.#byKey.delete(greKey(old));
    this.#instances.delete(old.instance);
  }

  ofInterface(index: number): ActualGreTunnel | undefined {
    return this.#byIndex.get(index);
  }
  like(spec: GreSpec): ActualGreTunnel | undefined {
    return this.#byKey.get(greKey(spec));
  }
  hasInstance(instance: number): boolean {
    return this.#instances.has(instance);
  }
  all(): Iterable<ActualGreTunnel> {
    return this.#byIndex.values();
  }
}

export function greKey({ type, local, remote, id }: GreSpec): string {
  return `${type} ${local} ${remote} ${id}`;
}
