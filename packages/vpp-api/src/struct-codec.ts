import { VppCodecError } from './errors.js';
import type { Decoder, Encoder } from './scalar-codec.js';
import { compileDecoder, compileEncoder, countedDecoder } from './type-codec.js';
import type { FieldNode } from './type-node.js';

type Values = Readonly<Record<string, unknown>>;

/**
 * Writes an object field by field. A field left out takes VPP's default, or, if it counts an array, that array's length; any
 * other missing field, and any name that the definition does not have, is an error.
 */
export function structEncoder(fields: readonly FieldNode[], path: string): Encoder {
  const steps = fields.map((field) => ({
    name: field.name,
    path: `${path}.${field.name}`,
    encode: compileEncoder(field.type, `${path}.${field.name}`),
    defaultValue: field.defaultValue,
    countOf: field.countOf,
  }));
  const known = new Set(fields.map((field) => field.name));
  return (writer, value) => {
    if (typeof value !== 'object' || value === null) throw new VppCodecError(path, 'an object was expected');
    const values = value as Values;
    for (const name in values) {
      if (!known.has(name)) throw new VppCodecError(path, `there is no field ${name}`);
    }
    for (const step of steps) {
      let field = values[step.name] ?? step.defaultValue;
      if (step.countOf !== undefined) field = count(values, step.name, step.countOf, path);
      if (field === undefined) throw new VppCodecError(step.path, 'is missing');
      step.encode(writer, field);
    }
  };
}

function count(values: Values, name: string, array: string, path: string): number {
  const counted = values[array];
  if (!Array.isArray(counted) && !(counted instanceof Uint8Array)) {
    throw new VppCodecError(`${path}.${array}`, 'an array was expected');
  }
  const given = values[name];
  if (given !== undefined && given !== counted.length) {
    throw new VppCodecError(`${path}.${name}`, `is ${String(given)}, but ${array} has ${counted.length} elements`);
  }
  return counted.length;
}

/** Reads an object; its fields come in the order of the definition, so all values of a type share one hidden class. */
export function structDecoder(fields: readonly FieldNode[], path: string): Decoder {
  const steps = fields.map((field) => decodeStep(field, `${path}.${field.name}`));
  return (reader) => {
    const values: Record<string, unknown> = {};
    for (const step of steps) {
      values[step.name] =
        step.countField === undefined
          ? step.decode(reader)
          : step.decodeCounted(reader, Number(values[step.countField]));
    }
    return values;
  };
}

function decodeStep(field: FieldNode, path: string) {
  const counted = field.type.kind === 'list' && field.type.lengthField !== undefined ? field.type : undefined;
  return {
    name: field.name,
    countField: counted?.lengthField,
    decode: compileDecoder(field.type, path),
    decodeCounted: counted === undefined ? () => undefined : countedDecoder(counted.element, path),
  };
}
