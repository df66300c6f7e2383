import type { Prefix } from '../engine/acl-table.js';

/** A field of a request that is not of the type its definition says: a mistake in this package. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
}

/** The fields of a decoded message, read by type. */
export class Fields {
  constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  number(name: string): number {
    const value = this.values[name];
    if (typeof value !== 'number') throw new FieldError(`${name} is not a number`);
    return value;
  }

  /** 64 bits. */
  long(name: string): bigint {
    const value = this.values[name];
    if (typeof value !== 'bigint') throw new FieldError(`${name} is not a number of 64 bits`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.values[name];
    if (typeof value !== 'boolean') throw new FieldError(`${name} is not a truth value`);
    return value;
  }

  text(name: string): string {
    const value = this.values[name];
    if (typeof value !== 'string') throw new FieldError(`${name} is not a text`);
    return value;
  }

  bytes(name: string): Uint8Array {
    const value = this.values[name];
    if (!(value instanceof Uint8Array)) throw new FieldError(`${name} is not bytes`);
    return value;
  }

  struct(name: string): Fields {
    return asFields(this.values[name], name);
  }

  structs(name: string): Fields[] {
    const value = this.values[name];
    if (!Array.isArray(value)) throw new FieldError(`${name} is not a list`);
    return value.map((element: unknown) => asFields(element, name));
  }

  numbers(name: string): number[] {
    const value = this.values[name];
    if (!Array.isArray(value)) throw new FieldError(`${name} is not a list`);
    return value.map(Number);
  }

  /** An IP address: 4 or 16 bytes. */
  address(name: string): Uint8Array {
    const address = this.struct(name);
    return address
      .struct('un')
      .bytes('raw')
      .slice(0, address.number('af') === 0 ? 4 : 16);
  }

  prefix(name: string): Prefix {
    const prefix = this.struct(name);
    return { address: prefix.address('address'), length: prefix.number('len') };
  }
}

function asFields(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null) throw new FieldError(`${name} is not a structure`);
  return new Fields(value as Readonly<Record<string, unknown>>);
}

/** An address of 4 or 16 bytes as VPP's messages hold it. */
export function addressField(bytes: Uint8Array): { af: number; un: { raw: Uint8Array } } {
  const raw = new Uint8Array(16);
  raw.set(bytes);
  return { af: bytes.length === 4 ? 0 : 1, un: { raw } };
}

export function prefixField(prefix: Prefix): { address: ReturnType<typeof addressField>; len: number } {
  return { address: addressField(prefix.address), len: prefix.length };
}
