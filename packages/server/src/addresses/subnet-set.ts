import { isIP } from 'node:net';
import { canonicalPrefix } from '../http/ip-prefix.js';

/** Raised for a subnet that is none. */
export class SubnetError extends Error {
  override readonly name = 'SubnetError';
}

/** Subnets, of which it is quickly told whether an address is in one: the work is by the lengths of prefixes, not the subnets. */
export class SubnetSet {
  /** By address family (4 or 6) and prefix length: the subnets, in one spelling. */
  readonly #byLength = new Map<
    string,
    { readonly version: number; readonly bits: number; readonly subnets: Set<string> }
  >();

  /**
   * @param subnets such as `10.0.0.0/24`, or one address; bits beyond the prefix do not matter
   * @throws SubnetError
   */
  constructor(subnets: Iterable<string>) {
    for (const subnet of subnets) {
      const canonical = canonicalPrefix(subnet);
      if (canonical === null)
        throw new SubnetError(`"${subnet}" is no subnet: write it like 192.0.2.0/24 or 2001:db8::/32`);
      const [address = '', bits = ''] = canonical.split('/');
      const version = isIP(address);
      const key = `${version}/${bits}`;
      const known = this.#byLength.get(key) ?? { version, bits: Number(bits), subnets: new Set() };
      this.#byLength.set(key, known);
      known.subnets.add(canonical);
    }
  }

  has(address: string): boolean {
    const version = isIP(address);
    for (const { version: own, bits, subnets } of this.#byLength.values()) {
      if (own !== version) continue;
      const around = canonicalPrefix(`${address}/${bits}`);
      if (around !== null && subnets.has(around)) return true;
    }
    return false;
  }
}
