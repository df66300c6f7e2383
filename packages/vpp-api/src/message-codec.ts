import { asBuffer, ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { VppCodecError } from './errors.js';
import type { Decoder, Encoder } from './scalar-codec.js';
import { structDecoder, structEncoder } from './struct-codec.js';
import { type FieldNode, fixedBytes } from './type-node.js';

const MESSAGE_ID_FIELD = '_vl_msg_id';
const HEADER_FIELDS: ReadonlySet<string> = new Set(['client_index', 'context']);

export type FieldValues = Readonly<Record<string, unknown>>;

/** Writes and reads one message. All its bytes are those after the u16 message id. */
export class MessageCodec {
  readonly name: string;
  /** Eight hex digits. */
  readonly crc: string;
  /** Every field but the message id; `client_index` and `context` are among them where the message has them. */
  readonly fields: readonly FieldNode[];
  /** Where `context` stands, counted from the end of the message id; undefined if the message has none. */
  readonly contextOffset: number | undefined;
  /** Where `client_index` stands, counted likewise. */
  readonly clientIndexOffset: number | undefined;
  #encoder: Encoder | undefined;
  #decoder: Decoder | undefined;

  constructor(name: string, crc: string, allFields: readonly FieldNode[]) {
    this.name = name;
    this.crc = crc;
    this.fields = allFields.filter((field) => field.name !== MESSAGE_ID_FIELD);
    this.contextOffset = offsetOf(this.fields, 'context');
    this.clientIndexOffset = offsetOf(this.fields, 'client_index');
  }

  /** The name in VPP's message table: `show_version_51077d14`. */
  get nameCrc(): string {
    return `${this.name}_${this.crc}`;
  }

  /**
   * Appends the message's bytes to `writer`. `client_index` and `context` are 0 when left out. Throws `VppCodecError` with
   * the field's path; what was appended by then is to be truncated by the caller.
   */
  encodeInto(writer: ByteWriter, fields: FieldValues): void {
    this.#encoder ??= structEncoder(this.fields.map(withHeaderDefault), this.name);
    this.#encoder(writer, fields);
  }

  /** The message's bytes after the message id. Throws `VppCodecError` with the path of the field that does not fit. */
  encode(fields: FieldValues): Uint8Array {
    const writer = new ByteWriter(256);
    this.encodeInto(writer, fields);
    return writer.take();
  }

  /** Reads the bytes after the message id; what follows the last field is ignored. Throws `VppCodecError` if cut short. */
  decode(bytes: Uint8Array): Record<string, unknown> {
    return this.decodeRange(asBuffer(bytes), 0, bytes.length);
  }

  decodeRange(buffer: Buffer, start: number, end: number): Record<string, unknown> {
    this.#decoder ??= structDecoder(this.fields, this.name);
    return this.#decoder(new ByteReader(buffer, start, end)) as Record<string, unknown>;
  }

  /** Of a message that {@link decodeRange} cannot read, the fields before the first that does not fit. */
  decodeKnown(buffer: Buffer, start: number, end: number): Record<string, unknown> {
    for (let fields = this.fields.slice(0, -1); fields.length > 0; fields = fields.slice(0, -1)) {
      try {
        return structDecoder(fields, this.name)(new ByteReader(buffer, start, end)) as Record<string, unknown>;
      } catch (error) {
        if (!(error instanceof VppCodecError)) throw error;
      }
    }
    return {};
  }
}

function withHeaderDefault(field: FieldNode): FieldNode {
  return HEADER_FIELDS.has(field.name) && field.type.kind === 'scalar' ? { defaultValue: 0, ...field } : field;
}

function offsetOf(fields: readonly FieldNode[], name: string): number | undefined {
  let offset = 0;
  for (const field of fields) {
    if (field.name === name) return offset;
    const bytes = fixedBytes(field.type);
    if (bytes === undefined) return undefined;
    offset += bytes;
  }
  return undefined;
}
