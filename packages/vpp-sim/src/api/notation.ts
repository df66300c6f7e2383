/** A module of VPP's API in the shape of its `*.api.json`, as far as clients read it. */
export interface ApiModule {
  readonly module: string;
  readonly types: readonly unknown[];
  readonly messages: readonly unknown[];
  readonly unions: readonly unknown[];
  readonly enums: readonly unknown[];
  readonly enumflags: readonly unknown[];
  readonly services: Readonly<Record<string, unknown>>;
  readonly options: { readonly version: string };
  readonly aliases: Readonly<Record<string, unknown>>;
  readonly vl_api_version: string;
  readonly imports: readonly string[];
  readonly counters: readonly unknown[];
  readonly paths: readonly unknown[];
}

/** A line of a definition that cannot be read: a mistake in this package. */
export class NotationError extends Error {
  override readonly name = 'NotationError';
}

const BASIC = new Set(['u8', 'u16', 'u32', 'u64', 'i8', 'i16', 'i32', 'i64', 'f64', 'bool', 'string']);

/** Fields that every message of a kind starts with. */
const HEADERS = {
  request: 'u32 client_index, u32 context',
  dump: 'u32 client_index, u32 context',
  reply: 'u32 context',
  details: 'u32 context',
  bare: '',
} as const;

/**
 * Reads a module written one definition a line:
 *
 * - `request NAME CRC FIELDS`: answered by `NAME_reply`, which a line `reply NAME CRC FIELDS` may describe;
 *   without one it is VPP's plain reply, a retval;
 * - `dump NAME CRC DETAILS FIELDS`: answered by many of the message `DETAILS`, described by `details NAME CRC FIELDS`;
 * - `bare NAME CRC FIELDS`: a message with no header of its own; `event REQUEST NAME` says which request it follows;
 * - `type NAME FIELDS`, `union NAME FIELDS`, `enum NAME BASE LABEL=VALUE …`, `flags …` likewise, `alias NAME TYPE[N]`.
 *
 * FIELDS are `type name` with commas between; the type may end in `[8]`, `[count_field]`, `[]` (a string of any length).
 * @throws NotationError for a line that is none of these.
 */
export function apiModule(name: string, version: string, text: string): ApiModule {
  const types: unknown[] = [];
  const messages: unknown[] = [];
  const unions: unknown[] = [];
  const enums: unknown[] = [];
  const enumflags: unknown[] = [];
  const services: Record<string, { reply: string; stream?: true; events?: string[] }> = {};
  const aliases: Record<string, unknown> = {};
  const described = new Set<string>();
  for (const line of lines(text)) {
    const [kind = '', id = '', ...rest] = line.split(/\s+/);
    switch (kind) {
      case 'request':
      case 'reply':
      case 'details':
      case 'bare':
        messages.push(message(kind, id, rest));
        described.add(id);
        if (kind === 'request') services[id] = { reply: `${id}_reply` };
        break;
      case 'dump':
        messages.push(message(kind, id, [rest[0] ?? '', ...rest.slice(2)]));
        services[id] = { reply: rest[1] ?? '', stream: true };
        break;
      case 'event':
        services[id] = { ...(services[id] ?? { reply: `${id}_reply` }), events: rest };
        break;
      case 'type':
        types.push([id, ...fields(rest.join(' '))]);
        break;
      case 'union':
        unions.push([id, ...fields(rest.join(' '))]);
        break;
      case 'enum':
      case 'flags':
        (kind === 'enum' ? enums : enumflags).push([id, ...labels(rest.slice(1)), { enumtype: rest[0] }]);
        break;
      case 'alias':
        aliases[id] = alias(rest[0] ?? '');
        break;
      default:
        throw new NotationError(`module ${name}: cannot read "${line}"`);
    }
  }
  for (const [request, { reply, stream }] of Object.entries(services))
    if (stream !== true && !described.has(reply)) messages.push(message('reply', `${request}_reply`, PLAIN_REPLY));
  const rest = { vl_api_version: '0x0', imports: [], counters: [], paths: [] };
  return { module: name, types, messages, unions, enums, enumflags, services, options: { version }, aliases, ...rest };
}

const PLAIN_REPLY = ['e8d4e804', 'i32', 'retval'];

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function message(kind: keyof typeof HEADERS, name: string, [crc = '', ...rest]: readonly string[]): unknown[] {
  if (!/^[0-9a-f]{8}$/.test(crc)) throw new NotationError(`message ${name}: "${crc}" is no CRC`);
  const id = ['u16', '_vl_msg_id'];
  return [name, id, ...fields(HEADERS[kind]), ...fields(rest.join(' ')), { crc: `0x${crc}`, options: {} }];
}

function fields(text: string): unknown[] {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const [type = '', name = ''] = part.trim().split(/\s+/);
    const [, base = '', size] = /^([a-z0-9_]+)(?:\[([a-z0-9_]*)\])?$/.exec(type) ?? [];
    if (base === '' || name === '') throw new NotationError(`"${part}" is no field`);
    const typeName = fullName(base);
    if (size === undefined) return [typeName, name];
    if (size === '') return [typeName, name, 0];
    return /^\d/.test(size) ? [typeName, name, Number(size)] : [typeName, name, 0, size];
  });
}

function fullName(type: string): string {
  return BASIC.has(type) ? type : `vl_api_${type}_t`;
}

function labels(parts: readonly string[]): [string, number][] {
  return parts.map((part) => {
    const [label = '', value = ''] = part.split('=');
    return [label, Number(value)];
  });
}

function alias(text: string): { type: string; length?: number } {
  const [, base = '', size] = /^([a-z0-9_]+)(?:\[(\d+)\])?$/.exec(text) ?? [];
  return size === undefined ? { type: fullName(base) } : { type: fullName(base), length: Number(size) };
}
