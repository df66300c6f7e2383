import type { Interface } from './interface.js';
import { EngineError } from './retval.js';

/** An address of an interface with the length of its prefix. */
export interface InterfaceAddress {
  readonly interface: Interface;
  readonly address: Uint8Array;
  readonly length: number;
}

/** The IP addresses of the interfaces. */
export class IpAddresses {
  readonly #entries: InterfaceAddress[] = [];

  /** @throws EngineError DUPLICATE_IF_ADDRESS when an interface has the address. */
  add(entry: InterfaceAddress): void {
    if (this.owner(entry.address) !== undefined)
      throw new EngineError('DUPLICATE_IF_ADDRESS', 'an interface has this address');
    this.#entries.push(entry);
  }

  /** @throws EngineError ADDRESS_NOT_FOUND_FOR_INTERFACE. */
  remove(of: Interface, address: Uint8Array, length: number): void {
    const at = this.#entries.findIndex(
      (entry) => entry.interface === of && entry.length === length && Buffer.compare(entry.address, address) === 0,
    );
    if (at < 0) throw new EngineError('ADDRESS_NOT_FOUND_FOR_INTERFACE', `${of.name} has not this address`);
    this.#entries.splice(at, 1);
  }

  removeAll(of: Interface): void {
    for (const { address, length } of this.ofInterface(of)) this.remove(of, address, length);
  }

  ofInterface(of: Interface): InterfaceAddress[] {
    return this.#entries.filter((entry) => entry.interface === of);
  }

  all(): readonly InterfaceAddress[] {
    return this.#entries;
  }

  /** The entry that is exactly this address. */
  owner(address: Uint8Array): InterfaceAddress | undefined {
    return this.#entries.find((entry) => Buffer.compare(entry.address, address) === 0);
  }
}

/** Whether two addresses of one IP version agree in their first bits. */
export function samePrefix(a: Uint8Array, b: Uint8Array, length: number): boolean {
  if (a.length !== b.length) return false;
  for (let bit = 0; bit < length; bit += 1) {
    const mask = 0x80 >> (bit & 7);
    if (((a[bit >> 3] ?? 0) & mask) !== ((b[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}
