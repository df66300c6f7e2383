import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { VppCodecError } from './errors.js';
import { type ScalarName, scalarBytes } from './type-node.js';

export type Encoder = (writer: ByteWriter, value: unknown) => void;
export type Decoder = (reader: ByteReader) => unknown;

/** A float or a bigint out of range must not be cut to size: the wrong interface would be configured. */
function wrong(path: string, type: string, value: unknown): VppCodecError {
  const shown =
    typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? typeof value : String(value);
  return new VppCodecError(path, `${shown} is not a ${type}`);
}

export function scalarEncoder(type: ScalarName, path: string): Encoder {
  switch (type) {
    case 'u8':
      return (writer, value) => {
        if (typeof value !== 'number' || (value & 0xff) !== value) throw wrong(path, type, value);
        const at = writer.reserve(1);
        writer.buffer[at] = value;
      };
    case 'i8':
      return (writer, value) => {
        if (typeof value !== 'number' || (value << 24) >> 24 !== value) throw wrong(path, type, value);
        const at = writer.reserve(1);
        writer.buffer.writeInt8(value, at);
      };
    case 'bool':
      return (writer, value) => {
        if (typeof value !== 'boolean') throw wrong(path, type, value);
        const at = writer.reserve(1);
        writer.buffer[at] = value ? 1 : 0;
      };
    case 'u16':
      return (writer, value) => {
        if (typeof value !== 'number' || (value & 0xffff) !== value) throw wrong(path, type, value);
        const at = writer.reserve(2);
        writer.buffer.writeUInt16BE(value, at);
      };
    case 'i16':
      return (writer, value) => {
        if (typeof value !== 'number' || (value << 16) >> 16 !== value) throw wrong(path, type, value);
        const at = writer.reserve(2);
        writer.buffer.writeInt16BE(value, at);
      };
    case 'u32':
      return (writer, value) => {
        if (typeof value !== 'number' || value >>> 0 !== value) throw wrong(path, type, value);
        const at = writer.reserve(4);
        writer.buffer.writeUInt32BE(value, at);
      };
    case 'i32':
      return (writer, value) => {
        if (typeof value !== 'number' || (value | 0) !== value) throw wrong(path, type, value);
        const at = writer.reserve(4);
        writer.buffer.writeInt32BE(value, at);
      };
    case 'u64':
      return (writer, value) => {
        if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value)
          throw wrong(path, `${type} (a bigint)`, value);
        const at = writer.reserve(8);
        writer.buffer.writeBigUInt64BE(value, at);
      };
    case 'i64':
      return (writer, value) => {
        if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value)
          throw wrong(path, `${type} (a bigint)`, value);
        const at = writer.reserve(8);
        writer.buffer.writeBigInt64BE(value, at);
      };
    case 'f64':
      return (writer, value) => {
        if (typeof value !== 'number') throw wrong(path, type, value);
        const at = writer.reserve(8);
        writer.buffer.writeDoubleBE(value, at);
      };
  }
}

export function scalarDecoder(type: ScalarName, path: string): Decoder {
  const bytes = scalarBytes[type];
  switch (type) {
    case 'u8':
      return (reader) => reader.buffer[reader.advance(1, path)];
    case 'bool':
      return (reader) => reader.buffer[reader.advance(1, path)] !== 0;
    case 'i8':
      return (reader) => reader.buffer.readInt8(reader.advance(bytes, path));
    case 'u16':
      return (reader) => reader.buffer.readUInt16BE(reader.advance(bytes, path));
    case 'i16':
      return (reader) => reader.buffer.readInt16BE(reader.advance(bytes, path));
    case 'u32':
      return (reader) => reader.buffer.readUInt32BE(reader.advance(bytes, path));
    case 'i32':
      return (reader) => reader.buffer.readInt32BE(reader.advance(bytes, path));
    case 'u64':
      return (reader) => reader.buffer.readBigUInt64BE(reader.advance(bytes, path));
    case 'i64':
      return (reader) => reader.buffer.readBigInt64BE(reader.advance(bytes, path));
    case 'f64':
      return (reader) => reader.buffer.readDoubleBE(reader.advance(bytes, path));
  }
}
