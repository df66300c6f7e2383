import fc from 'fast-check';
import type { FieldNode, ScalarName, TypeNode } from '../type-node.js';

const maxList = 6;

/** Any value that fits a type, in the form in which `decode` gives it back. */
export function arbitraryOf(type: TypeNode): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'scalar':
      return scalar(type.type);
    case 'enum':
      return scalar(type.base);
    case 'string':
      return text(type.length === undefined ? undefined : type.length - 1);
    case 'array':
      return arrayOf(type.element, type.length, type.length);
    case 'list':
      return arrayOf(type.element, 0, maxList);
    case 'struct':
      return arbitraryFields(type.fields);
    case 'union':
      return fc.record({ raw: fc.uint8Array({ minLength: type.bytes, maxLength: type.bytes }).map(plain) });
  }
}

/** Any fields of a message, the counts of arrays among them. */
export function arbitraryFields(fields: readonly FieldNode[]): fc.Arbitrary<Record<string, unknown>> {
  const record = Object.fromEntries(fields.map((field) => [field.name, arbitraryOf(field.type)]));
  return fc.record(record, { noNullPrototype: true }).map((values) => {
    for (const { name, countOf } of fields) {
      if (countOf !== undefined) values[name] = (values[countOf] as { readonly length: number }).length;
    }
    return values;
  });
}

function scalar(type: ScalarName): fc.Arbitrary<unknown> {
  switch (type) {
    case 'u64':
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 'i64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'f64':
      return fc.double();
    case 'bool':
      return fc.boolean();
    default: {
      const bits = Number(type.slice(1));
      return type.startsWith('u')
        ? fc.integer({ min: 0, max: 2 ** bits - 1 })
        : fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
    }
  }
}

function text(maxBytes: number | undefined): fc.Arbitrary<string> {
  return fc
    .string({ unit: 'grapheme', maxLength: Math.min(maxBytes ?? 40, 40) })
    .filter((value) => maxBytes === undefined || (Buffer.byteLength(value) <= maxBytes && !value.includes('\0')));
}

function arrayOf(element: TypeNode, minLength: number, maxLength: number): fc.Arbitrary<unknown> {
  if (element.kind === 'scalar' && element.type === 'u8') return fc.uint8Array({ minLength, maxLength }).map(plain);
  return fc.array(arbitraryOf(element), { minLength, maxLength });
}

/** fast-check's arrays may be windows of larger buffers; the codec gives plain ones. */
function plain(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
