import { asBuffer, ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { VppCodecError } from './errors.js';
import { type Decoder, type Encoder, scalarDecoder, scalarEncoder } from './scalar-codec.js';
import { stringDecoder, stringEncoder } from './string-codec.js';
import { structDecoder, structEncoder } from './struct-codec.js';
import { type FieldNode, leastBytes, type TypeNode, type UnionNode } from './type-node.js';

/** Compiles a type to a closure that writes its values; `path` names the field in errors. */
export function compileEncoder(type: TypeNode, path: string): Encoder {
  switch (type.kind) {
    case 'scalar':
      return scalarEncoder(type.type, path);
    case 'enum':
      return scalarEncoder(type.base, `${path} (${type.name})`);
    case 'string':
      return stringEncoder(type.length, path);
    case 'array':
      return arrayEncoder(type.element, type.length, path);
    case 'list':
      return arrayEncoder(type.element, undefined, path);
    case 'struct':
      return structEncoder(type.fields, path);
    case 'union':
      return unionEncoder(type, path);
  }
}

/** Compiles a type to a closure that reads its values. A list needs its count: see `compileListDecoder`. */
export function compileDecoder(type: TypeNode, path: string): Decoder {
  switch (type.kind) {
    case 'scalar':
      return scalarDecoder(type.type, path);
    case 'enum':
      return scalarDecoder(type.base, path);
    case 'string':
      return stringDecoder(type.length, path);
    case 'array': {
      const read = countedDecoder(type.element, path);
      return (reader) => read(reader, type.length);
    }
    case 'list': {
      const read = countedDecoder(type.element, path);
      const least = Math.max(1, leastBytes(type.element));
      return (reader) => read(reader, Math.floor(reader.remaining / least));
    }
    case 'struct':
      return structDecoder(type.fields, path);
    case 'union':
      return (reader) => ({ raw: copyBytes(reader, type.bytes, path) });
  }
}

/** Reads as many elements as an earlier field of the same message said. */
export function countedDecoder(element: TypeNode, path: string): (reader: ByteReader, count: number) => unknown {
  if (element.kind === 'scalar' && element.type === 'u8') {
    return (reader, count) => copyBytes(reader, count, path);
  }
  const decode = compileDecoder(element, `${path}[]`);
  const least = Math.max(1, leastBytes(element));
  return (reader, count) => {
    if (count * least > reader.remaining) {
      throw new VppCodecError(path, `${count} elements announced, ${reader.remaining} bytes left`);
    }
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) values.push(decode(reader));
    return values;
  };
}

/** Copied, since the bytes received are a window of a larger buffer that would be kept alive by a 6-byte MAC address. */
function copyBytes(reader: ByteReader, count: number, path: string): Uint8Array {
  const at = reader.advance(count, path);
  return new Uint8Array(reader.buffer.subarray(at, at + count));
}

function arrayEncoder(element: TypeNode, length: number | undefined, path: string): Encoder {
  const checkLength = (actual: number): void => {
    if (length !== undefined && actual !== length)
      throw new VppCodecError(path, `${actual} elements, ${length} needed`);
  };
  if (element.kind === 'scalar' && element.type === 'u8') {
    return (writer, value) => {
      if (!(value instanceof Uint8Array)) throw new VppCodecError(path, 'a Uint8Array was expected');
      checkLength(value.length);
      const at = writer.reserve(value.length);
      writer.buffer.set(value, at);
    };
  }
  const encode = compileEncoder(element, `${path}[]`);
  return (writer, value) => {
    if (!Array.isArray(value)) throw new VppCodecError(path, 'an array was expected');
    checkLength(value.length);
    for (const item of value) encode(writer, item);
  };
}

/** Takes `{ raw }` with all of the union's bytes, or one arm by its name; an arm shorter than the union is zero-padded. */
function unionEncoder(union: UnionNode, path: string): Encoder {
  const arms = new Map(union.arms.map((arm) => [arm.name, compileEncoder(arm.type, `${path}.${arm.name}`)]));
  return (writer, value) => {
    const entry = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    const [first] = entry;
    if (first === undefined || entry.length !== 1) {
      throw new VppCodecError(path, `one of raw, ${[...arms.keys()].join(', ')} was expected`);
    }
    const [name, content] = first;
    if (name === 'raw' && !arms.has('raw')) return writeRaw(writer, content, union, path);
    const encode = arms.get(name);
    if (encode === undefined) throw new VppCodecError(path, `union ${union.name} has no arm ${name}`);
    const before = writer.pending;
    encode(writer, content);
    const padding = union.bytes - (writer.pending - before);
    const at = writer.reserve(padding);
    writer.buffer.fill(0, at, at + padding);
  };
}

function writeRaw(writer: ByteWriter, content: unknown, union: UnionNode, path: string): void {
  if (!(content instanceof Uint8Array) || content.length !== union.bytes) {
    throw new VppCodecError(path, `raw must be a Uint8Array of ${union.bytes} bytes`);
  }
  const at = writer.reserve(content.length);
  writer.buffer.set(content, at);
}

/** Reads one arm out of a union's bytes. Throws `VppCodecError` for an arm that the union does not have. */
export function readUnionArm(union: UnionNode, raw: Uint8Array, armName: string): unknown {
  const arm: FieldNode | undefined = union.arms.find((candidate) => candidate.name === armName);
  if (arm === undefined) throw new VppCodecError(union.name, `union has no arm ${armName}`);
  return compileDecoder(arm.type, `${union.name}.${armName}`)(new ByteReader(asBuffer(raw), 0, raw.length));
}
