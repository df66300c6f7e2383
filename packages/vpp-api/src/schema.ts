import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyApi, type RawApi, readApiJson, type Service } from './api-json.js';
import { VppCodecError, VppDefinitionsError } from './errors.js';
import { MessageCodec } from './message-codec.js';
import { readUnionArm } from './type-codec.js';
import type { TypeNode } from './type-node.js';
import { TypeResolver } from './type-resolver.js';

/** What one source says, with types of its own: of two sources each is right about its own messages alone. */
interface Part {
  readonly api: RawApi;
  readonly types: TypeResolver;
}

/** The messages of one VPP, resolved; codecs are compiled when first asked for. */
export class Schema {
  readonly #parts: readonly Part[];
  readonly #codecs = new Map<string, MessageCodec>();

  /** @param apis several where they come from several files: the first that has a message says what it is */
  constructor(...apis: readonly RawApi[]) {
    this.#parts = apis.map((api) => ({ api, types: new TypeResolver(api) }));
  }

  get messageNames(): readonly string[] {
    return [...new Set(this.#parts.flatMap(({ api }) => [...api.messages.keys()]))];
  }

  /** The codec of a message, or undefined if this VPP has no such message. Throws `VppDefinitionsError` for a broken one. */
  find(name: string): MessageCodec | undefined {
    const known = this.#codecs.get(name);
    if (known !== undefined) return known;
    for (const { api, types } of this.#parts) {
      const raw = api.messages.get(name);
      if (raw === undefined) continue;
      const codec = new MessageCodec(name, raw.crc, types.fields(raw));
      this.#codecs.set(name, codec);
      return codec;
    }
    return undefined;
  }

  /** The codec of a message that must exist. Throws `VppDefinitionsError` if it does not. */
  message(name: string): MessageCodec {
    const codec = this.find(name);
    if (codec === undefined) throw new VppDefinitionsError(`the API definitions have no message ${name}`);
    return codec;
  }

  /** What a request is answered with, as VPP's definitions say; undefined for messages that are not requests. */
  service(requestName: string): Service | undefined {
    for (const { api } of this.#parts) {
      const service = api.services.get(requestName);
      if (service !== undefined) return service;
    }
    return undefined;
  }

  /** A resolved type by its name without `vl_api_` and `_t`, such as `address`. Throws `VppDefinitionsError` if unknown. */
  type(name: string): TypeNode {
    const part = this.#parts.find(({ api }) => definesType(api, name)) ?? this.#parts[0];
    if (part === undefined) throw new VppDefinitionsError(`there are no definitions, so none of type ${name}`);
    return part.types.named(name, 'schema');
  }

  /** Reads one arm of a decoded union: `readArm('address_union', address.un, 'ip4')`. */
  readArm(unionName: string, value: { readonly raw: Uint8Array }, armName: string): unknown {
    const union = this.type(unionName);
    if (union.kind !== 'union') throw new VppCodecError(unionName, 'is not a union');
    return readUnionArm(union, value.raw, armName);
  }
}

function definesType({ types, unions, enums, aliases }: RawApi, name: string): boolean {
  return [types, unions, enums, aliases].some((map) => map.has(name));
}

/** Definitions of a VPP's API, wherever they came from. */
export type ApiDefinitions = Schema;

/** Reads one module or an array of modules in VPP's API json. Throws `VppDefinitionsError`. */
export function parseApiJson(text: string, source = 'API definitions'): Schema {
  const api = emptyApi();
  readApiJson(api, text, source);
  return new Schema(api);
}

/**
 * Reads every `*.api.json` below `directory` (VPP installs them in `share/vpp/api`), for a VPP too old to answer
 * get_api_json. Throws `VppDefinitionsError` if there is none or one cannot be read.
 */
export async function loadApiDirectory(directory: string): Promise<Schema> {
  let files: readonly string[];
  try {
    files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.api.json')).sort();
  } catch (cause) {
    throw new VppDefinitionsError(`cannot read the directory ${directory} of API definitions`, { cause });
  }
  if (files.length === 0) throw new VppDefinitionsError(`there is no *.api.json below ${directory}`);
  const api = emptyApi();
  for (const file of files) readApiJson(api, await readFile(join(directory, file), 'utf8'), file);
  return new Schema(api);
}
