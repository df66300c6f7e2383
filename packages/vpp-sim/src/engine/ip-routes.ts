import type { Prefix } from './acl-table.js';
import type { Interface } from './interface.js';
import { type IpAddresses, samePrefix } from './ip-addresses.js';
import { EngineError } from './retval.js';

/** A route that somebody configured: out of an interface, to a next hop or straight to the destination. */
export interface IpRoute {
  readonly prefix: Prefix;
  /** Undefined: through the route to the next hop. */
  readonly interface: Interface | undefined;
  /** All zeros: the destination itself is on the interface's network. */
  readonly nextHop: Uint8Array;
}

/** What the forwarding table says of an address. */
export type RouteAnswer =
  | { readonly type: 'route'; readonly route: IpRoute }
  /** An address of VPP's own. */
  | { readonly type: 'local'; readonly prefix: Prefix; readonly interface: Interface }
  | { readonly type: 'drop'; readonly prefix: Prefix };

/** Where a packet goes: the interface, its own address there, and whose MAC address it is sent to. */
export interface NextHop {
  readonly interface: Interface;
  readonly own: Uint8Array;
  readonly neighbor: Uint8Array;
}

const deepest = 8;

/** The forwarding tables of IPv4 and IPv6, of one VRF. */
export class IpRoutes {
  readonly #routes: IpRoute[] = [];

  constructor(private readonly addresses: IpAddresses) {}

  add(route: IpRoute): void {
    this.#forget(route.prefix);
    this.#routes.push(route);
  }

  /** @throws EngineError NO_SUCH_ENTRY */
  remove(prefix: Prefix): void {
    if (!this.#forget(prefix)) throw new EngineError('NO_SUCH_ENTRY', 'there is no such route');
  }

  /** Routes out of an interface that is deleted. */
  forgetInterface(of: Interface): void {
    for (const route of this.#routes.filter((each) => each.interface === of)) this.#forget(route.prefix);
  }

  /** The longest prefix that has the address: an own address, the network of one, or a route. */
  lookUp(address: Uint8Array): RouteAnswer {
    const bits = address.length * 8;
    const own = this.addresses.owner(address);
    if (own) return { type: 'local', prefix: { address, length: bits }, interface: own.interface };
    let best: IpRoute | undefined;
    for (const route of [...this.#connected(), ...this.#routes]) {
      const { prefix } = route;
      if (prefix.length >= (best?.prefix.length ?? 0) && samePrefix(prefix.address, address, prefix.length))
        best = route;
    }
    const everywhere = { address: new Uint8Array(address.length), length: 0 };
    return best ? { type: 'route', route: best } : { type: 'drop', prefix: everywhere };
  }

  /** Follows routes through routes until one names an interface; undefined if nothing leads there. */
  resolve(address: Uint8Array): NextHop | undefined {
    let wanted = address;
    for (let depth = 0; depth < deepest; depth += 1) {
      const found = this.lookUp(wanted);
      if (found.type !== 'route') return undefined;
      const { interface: by, nextHop } = found.route;
      const neighbor = isZero(nextHop) ? wanted : nextHop;
      if (by) {
        const own = this.addresses.ofInterface(by).find((entry) => entry.address.length === address.length);
        return { interface: by, own: own?.address ?? new Uint8Array(address.length), neighbor };
      }
      wanted = neighbor;
    }
    return undefined;
  }

  #connected(): IpRoute[] {
    return this.addresses.all().map(({ interface: of, address, length }) => ({
      prefix: { address, length },
      interface: of,
      nextHop: new Uint8Array(address.length),
    }));
  }

  #forget(prefix: Prefix): boolean {
    const at = this.#routes.findIndex(
      (route) => route.prefix.length === prefix.length && Buffer.compare(route.prefix.address, prefix.address) === 0,
    );
    if (at >= 0) this.#routes.splice(at, 1);
    return at >= 0;
  }
}

function isZero(address: Uint8Array): boolean {
  return address.every((byte) => byte === 0);
}
