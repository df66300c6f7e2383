import { VppDefinitionsError } from './errors.js';

/** A field as VPP's API json writes it. */
export interface RawField {
  readonly type: string;
  readonly name: string;
  /** 0 means variable; undefined means not an array. */
  readonly length: number | undefined;
  /** The field that holds the number of elements of a variable array. */
  readonly lengthField: string | undefined;
  readonly defaultValue: unknown;
}

export interface RawType {
  readonly name: string;
  readonly fields: readonly RawField[];
}

export interface RawMessage extends RawType {
  /** Eight hex digits, as in the message table's `name_crc`. */
  readonly crc: string;
}

export interface RawEnum {
  readonly name: string;
  readonly base: string;
  readonly flags: boolean;
  readonly values: ReadonlyMap<string, number>;
}

export interface RawAlias {
  readonly type: string;
  readonly length: number | undefined;
}

/** What a request is answered with. */
export interface Service {
  readonly reply: string;
  /** True when details follow; without `streamMessage` they are the `reply` itself, ended by a control_ping's reply. */
  readonly stream: boolean;
  readonly streamMessage: string | undefined;
  readonly events: readonly string[];
}

/** All modules of an API, merged: VPP's names are global, and modules repeat what they import. */
export interface RawApi {
  readonly messages: Map<string, RawMessage>;
  readonly types: Map<string, RawType>;
  readonly unions: Map<string, RawType>;
  readonly enums: Map<string, RawEnum>;
  readonly aliases: Map<string, RawAlias>;
  readonly services: Map<string, Service>;
}

export function emptyApi(): RawApi {
  return {
    messages: new Map(),
    types: new Map(),
    unions: new Map(),
    enums: new Map(),
    aliases: new Map(),
    services: new Map(),
  };
}

/**
 * Adds the module, or the array of modules, in `text` (the form of `*.api.json` and of get_api_json's answer) to `api`.
 * Throws `VppDefinitionsError` naming `source` and the part that cannot be read.
 */
export function readApiJson(api: RawApi, text: string, source: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new VppDefinitionsError(`${source} is not JSON; expected VPP's API definitions`, { cause });
  }
  const modules: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  for (const module of modules) readModule(api, asObject(module, source), source);
}

function readModule(api: RawApi, module: Readonly<Record<string, unknown>>, source: string): void {
  const where = typeof module['module'] === 'string' ? `${source} (module ${module['module']})` : source;
  for (const entry of list(module['types'], where)) addTo(api.types, readType(entry, where));
  for (const entry of list(module['unions'], where)) addTo(api.unions, readType(entry, where));
  for (const entry of list(module['messages'], where)) addTo(api.messages, readMessage(entry, where));
  for (const entry of list(module['enums'], where)) addTo(api.enums, readEnum(entry, false, where));
  for (const entry of list(module['enumflags'], where)) addTo(api.enums, readEnum(entry, true, where));
  for (const [name, value] of Object.entries(asObject(module['aliases'] ?? {}, where))) {
    const alias = asObject(value, `${where}: alias ${name}`);
    const length = alias['length'];
    api.aliases.set(name, {
      type: asString(alias['type'], `${where}: alias ${name}`),
      length: typeof length === 'number' ? length : undefined,
    });
  }
  for (const [name, value] of Object.entries(asObject(module['services'] ?? {}, where))) {
    api.services.set(name, readService(asObject(value, `${where}: service ${name}`), `${where}: service ${name}`));
  }
}

function readService(service: Readonly<Record<string, unknown>>, where: string): Service {
  const streamMessage = service['stream_msg'];
  return {
    reply: asString(service['reply'], where),
    stream: service['stream'] === true,
    streamMessage: typeof streamMessage === 'string' ? streamMessage : undefined,
    events: list(service['events'], where).map((event) => asString(event, where)),
  };
}

function readType(entry: unknown, where: string): RawType {
  const [name, ...rest] = list(entry, where);
  const typeName = asString(name, where);
  return {
    name: typeName,
    fields: rest.filter((part) => Array.isArray(part)).map((part) => readField(part, `${where}: ${typeName}`)),
  };
}

function readMessage(entry: unknown, where: string): RawMessage {
  const type = readType(entry, where);
  const trailer = list(entry, where).at(-1);
  const crc = isObject(trailer) ? trailer['crc'] : undefined;
  if (typeof crc !== 'string' || !/^0x[0-9a-f]{1,8}$/i.test(crc)) {
    throw new VppDefinitionsError(`${where}: message ${type.name} has no crc`);
  }
  return { ...type, crc: crc.slice(2).toLowerCase().padStart(8, '0') };
}

// [type, name], [type, name, {default…}], [type, name, length], [type, name, 0, length field]
function readField(part: readonly unknown[], where: string): RawField {
  const [type, name, third, fourth] = part;
  const limits = isObject(third) ? third : {};
  return {
    type: asString(type, where),
    name: asString(name, where),
    length: typeof third === 'number' ? third : undefined,
    lengthField: typeof fourth === 'string' ? fourth : undefined,
    defaultValue: limits['default'],
  };
}

function readEnum(entry: unknown, flags: boolean, where: string): RawEnum {
  const [name, ...rest] = list(entry, where);
  const enumName = asString(name, where);
  const values = new Map<string, number>();
  let base = 'u32';
  for (const part of rest) {
    if (Array.isArray(part)) {
      const [label, value]: readonly unknown[] = part;
      if (typeof value !== 'number')
        throw new VppDefinitionsError(`${where}: enum ${enumName} has a value that is no number`);
      values.set(asString(label, where), value);
    } else if (isObject(part) && typeof part['enumtype'] === 'string') base = part['enumtype'];
  }
  return { name: enumName, base, flags, values };
}

/** The first definition stays: the module that defines a type and those that import it say the same. */
function addTo<T extends { readonly name: string }>(map: Map<string, T>, item: T): void {
  if (!map.has(item.name)) map.set(item.name, item);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw new VppDefinitionsError(`${where}: an object was expected`);
  return value;
}

function asString(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new VppDefinitionsError(`${where}: a name was expected`);
  return value;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new VppDefinitionsError(`${where}: a list was expected`);
  return value;
}
