import { VppCodecError } from './errors.js';
import type { Decoder, Encoder } from './scalar-codec.js';

const LENGTH_BYTES = 4;

/**
 * Strings are UTF-8. With a `length`: that many bytes, NUL-padded; VPP wants the last to be NUL, so a longer text is refused
 * rather than cut (an interface tag cut short would no longer say whose it is). Without: a u32 length, then the bytes.
 */
export function stringEncoder(length: number | undefined, path: string): Encoder {
  if (length === undefined) {
    return (writer, value) => {
      const text = checked(value, path);
      const bytes = Buffer.byteLength(text);
      const at = writer.reserve(LENGTH_BYTES + bytes);
      writer.buffer.writeUInt32BE(bytes, at);
      writer.buffer.write(text, at + LENGTH_BYTES, bytes, 'utf8');
    };
  }
  return (writer, value) => {
    const text = checked(value, path);
    const bytes = Buffer.byteLength(text);
    if (bytes >= length) throw new VppCodecError(path, `${bytes} bytes of text, at most ${length - 1} fit`);
    if (text.includes('\0')) throw new VppCodecError(path, 'text with a NUL character does not fit a fixed string');
    const at = writer.reserve(length);
    writer.buffer.fill(0, at + bytes, at + length);
    if (bytes > 0) writer.buffer.write(text, at, bytes, 'utf8');
  };
}

export function stringDecoder(length: number | undefined, path: string): Decoder {
  if (length === undefined) {
    return (reader) => {
      const bytes = reader.buffer.readUInt32BE(reader.advance(LENGTH_BYTES, path));
      const at = reader.advance(bytes, path);
      return reader.buffer.toString('utf8', at, at + bytes);
    };
  }
  return (reader) => {
    const at = reader.advance(length, path);
    let end = at;
    while (end < at + length && reader.buffer[end] !== 0) end++;
    return end === at ? '' : reader.buffer.toString('utf8', at, end);
  };
}

function checked(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new VppCodecError(path, 'a string was expected');
  return value;
}
