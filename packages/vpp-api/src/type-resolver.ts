import type { RawApi, RawField, RawType } from './api-json.js';
import { VppDefinitionsError } from './errors.js';
import { type FieldNode, fixedBytes, isScalarName, type TypeNode } from './type-node.js';

/** Turns type names of an API into resolved types; each name is resolved once. */
export class TypeResolver {
  readonly #api: RawApi;
  readonly #resolved = new Map<string, TypeNode>();
  readonly #open = new Set<string>();

  constructor(api: RawApi) {
    this.#api = api;
  }

  /** Resolves the fields of a message, type or union. Throws `VppDefinitionsError` for an unknown or endless type. */
  fields(owner: RawType): readonly FieldNode[] {
    const counts = new Map<string, string>();
    for (const field of owner.fields) if (field.lengthField !== undefined) counts.set(field.lengthField, field.name);
    const before = new Set<string>();
    return owner.fields.map((field) => {
      if (field.lengthField !== undefined && !before.has(field.lengthField)) {
        throw new VppDefinitionsError(
          `${owner.name}.${field.name}: its length field ${field.lengthField} does not precede it`,
        );
      }
      before.add(field.name);
      return this.#field(field, counts.get(field.name), `${owner.name}.${field.name}`);
    });
  }

  #field(field: RawField, countOf: string | undefined, where: string): FieldNode {
    const type = this.#fieldType(field, where);
    const defaultValue = defaultOf(type, field.defaultValue);
    return {
      name: field.name,
      type,
      ...(defaultValue === undefined ? {} : { defaultValue }),
      ...(countOf === undefined ? {} : { countOf }),
    };
  }

  #fieldType(field: RawField, where: string): TypeNode {
    if (field.type === 'string') {
      return { kind: 'string', length: field.length === 0 ? undefined : field.length };
    }
    const element = this.named(field.type, where);
    if (field.length === undefined) return element;
    if (field.length > 0) return { kind: 'array', element, length: field.length };
    return { kind: 'list', element, lengthField: field.lengthField };
  }

  /** Resolves one type name as it stands in a field, such as `u32` or `vl_api_address_t`. */
  named(written: string, where: string): TypeNode {
    if (isScalarName(written)) return { kind: 'scalar', type: written };
    const name = written.startsWith('vl_api_') && written.endsWith('_t') ? written.slice(7, -2) : written;
    const known = this.#resolved.get(name);
    if (known !== undefined) return known;
    if (this.#open.has(name)) throw new VppDefinitionsError(`${where}: type ${name} contains itself`);
    this.#open.add(name);
    try {
      const resolved = this.#resolve(name, where);
      this.#resolved.set(name, resolved);
      return resolved;
    } finally {
      this.#open.delete(name);
    }
  }

  #resolve(name: string, where: string): TypeNode {
    const alias = this.#api.aliases.get(name);
    if (alias !== undefined) {
      const target = this.named(alias.type, where);
      return alias.length === undefined ? target : { kind: 'array', element: target, length: alias.length };
    }
    const enumeration = this.#api.enums.get(name);
    if (enumeration !== undefined) {
      if (!isScalarName(enumeration.base)) {
        throw new VppDefinitionsError(`enum ${name}: unknown base type ${enumeration.base}`);
      }
      return { ...enumeration, kind: 'enum', base: enumeration.base };
    }
    const struct = this.#api.types.get(name);
    if (struct !== undefined) return { kind: 'struct', name, fields: this.fields(struct) };
    const union = this.#api.unions.get(name);
    if (union !== undefined) return this.#union(union);
    throw new VppDefinitionsError(`${where}: type ${name} is not defined`);
  }

  #union(union: RawType): TypeNode {
    const arms = this.fields(union);
    let bytes = 0;
    for (const arm of arms) {
      const armBytes = fixedBytes(arm.type);
      if (armBytes === undefined)
        throw new VppDefinitionsError(`union ${union.name}: arm ${arm.name} has no fixed size`);
      bytes = Math.max(bytes, armBytes);
    }
    return { kind: 'union', name: union.name, arms, bytes };
  }
}

/** VPP writes defaults as numbers, as 'true' and 'false', or as the name of an enum's value. */
function defaultOf(type: TypeNode, written: unknown): number | bigint | boolean | undefined {
  if (type.kind === 'enum') {
    return typeof written === 'string' ? type.values.get(written) : typeof written === 'number' ? written : undefined;
  }
  if (type.kind !== 'scalar') return undefined;
  if (type.type === 'bool') {
    if (typeof written === 'boolean') return written;
    return written === 'true' || written === 1 ? true : written === 'false' || written === 0 ? false : undefined;
  }
  const value = typeof written === 'string' ? Number(written) : written;
  if (typeof value !== 'number' || Number.isNaN(value)) return undefined;
  return type.type === 'u64' || type.type === 'i64' ? BigInt(value) : value;
}
