import { VppDefinitionsError } from './errors.js';
import type { FieldSpec, FieldSpecs } from './field-spec.js';
import type { MessageCodec } from './message-codec.js';
import type { MessageSet } from './message-set.js';
import type { Schema } from './schema.js';
import type { FieldNode, TypeNode } from './type-node.js';

const HEADER_FIELDS: ReadonlySet<string> = new Set(['client_index', 'context']);

/** VPP's message table: `name_crc` → message id. */
export type MessageTable = ReadonlyMap<string, number>;

/** What a VPP makes of the messages that a program uses. */
export interface Compatibility {
  /** One sentence for each point in which a request, a dump or an event that must be there is not as it should be. */
  readonly mismatches: readonly string[];
  /** Requests and dumps that are in VPP as the program takes them to be: optional ones that are not named here must not be used. */
  readonly usable: ReadonlySet<string>;
}

/**
 * Compares what a program believes with what VPP says: a message that is missing, not in the message table under its CRC, or a
 * field that is missing, unexpected or of another type.
 */
export function checkMessages(messages: MessageSet, schema: Schema, table: MessageTable): Compatibility {
  const mismatches: string[] = [];
  const usable = new Set<string>();
  const settle = (name: string, found: readonly string[]): void => {
    if (found.length === 0) usable.add(name);
    else if (messages.optional?.includes(name) !== true) mismatches.push(...found);
  };
  for (const [name, spec] of Object.entries(messages.requests)) {
    const reply = replyName(schema, name);
    settle(name, [...compare(schema, table, name, spec.request), ...compare(schema, table, reply, spec.reply)]);
  }
  for (const [name, spec] of Object.entries(messages.dumps)) {
    const details = spec.answeredBy ?? detailsName(schema, name);
    const cursor = spec.answeredBy === undefined ? schema.service(name)?.streamMessage : undefined;
    settle(name, [
      ...compare(schema, table, name, spec.request),
      ...compare(schema, table, details, spec.details),
      ...(cursor === undefined ? [] : [`${name}: streams ${cursor} with a cursor, which dump() does not follow`]),
    ]);
  }
  for (const [name, spec] of Object.entries(messages.events)) mismatches.push(...compare(schema, table, name, spec));
  return { mismatches, usable };
}

/** The mismatches of messages that must be there. */
export function findMismatches(messages: MessageSet, schema: Schema, table: MessageTable): readonly string[] {
  return checkMessages(messages, schema, table).mismatches;
}

function compare(schema: Schema, table: MessageTable, name: string, fields: FieldSpecs): string[] {
  const found: string[] = [];
  try {
    const codec = schema.find(name);
    if (codec === undefined) return [`${name}: this VPP has no such message (is its plugin loaded?)`];
    checkTable(codec, table, found);
    checkFields(name, fields, withoutHeader(codec.fields), found);
  } catch (error) {
    if (!(error instanceof VppDefinitionsError)) throw error;
    found.push(`${name}: its definition cannot be used: ${error.message}`);
  }
  return found;
}

/** The reply's name as VPP's definitions give it, else by VPP's convention. */
export function replyName(schema: Schema, request: string): string {
  return schema.service(request)?.reply ?? `${request}_reply`;
}

export function detailsName(schema: Schema, request: string): string {
  return schema.service(request)?.reply ?? request.replace(/_dump$/, '_details');
}

function checkTable(codec: MessageCodec, table: MessageTable, found: string[]): void {
  if (table.has(codec.nameCrc)) return;
  const others = [...table.keys()].filter((key) => key.slice(0, -9) === codec.name).map((key) => key.slice(-8));
  const instead = others.length > 0 ? `, which has ${others.join(', ')}` : '';
  found.push(`${codec.name}: CRC ${codec.crc} is not in VPP's message table${instead}`);
}

/** Also compares nested fields and arms; `path` starts with the message's name. */
function checkFields(path: string, specs: FieldSpecs, fields: readonly FieldNode[], found: string[]): void {
  const actual = new Map(fields.map((field) => [field.name, field]));
  for (const [name, spec] of Object.entries(specs)) {
    const field = actual.get(name);
    if (field === undefined) found.push(`${path}.${name}: VPP has no such field`);
    else checkType(`${path}.${name}`, spec, field, found);
  }
  for (const field of fields) {
    if (!Object.hasOwn(specs, field.name)) {
      found.push(`${path}.${field.name}: VPP has this field (${describe(field.type)}), the program does not know it`);
    }
  }
}

function checkType(path: string, spec: FieldSpec, field: FieldNode, found: string[]): void {
  if (typeof spec === 'string') {
    const { type } = field;
    const expected = spec.replace(' count', '');
    const isCount = spec.endsWith(' count');
    if (describe(type) !== expected) found.push(`${path}: is ${describe(type)}, expected ${expected}`);
    else if (isCount && field.countOf === undefined) found.push(`${path}: is not the length of an array, as expected`);
    return;
  }
  checkNode(path, spec, field.type, found);
}

function checkNode(path: string, spec: Exclude<FieldSpec, string>, type: TypeNode, found: string[]): void {
  if (spec.kind === 'enum' && type.kind === 'enum') {
    if (type.base !== spec.base) found.push(`${path}: enum ${type.name} is ${type.base}, expected ${spec.base}`);
    for (const [label, value] of Object.entries(spec.values)) {
      const actual = type.values.get(label);
      if (actual !== value) found.push(`${path}: ${label} is ${actual ?? 'not there'}, expected ${value}`);
    }
  } else if (spec.kind === 'struct' && type.kind === 'struct') checkFields(path, spec.fields, type.fields, found);
  else if (spec.kind === 'union' && type.kind === 'union') checkFields(path, spec.arms, type.arms, found);
  else if (spec.kind === 'list' && isArray(type) && lengthOf(type) === spec.length) {
    checkType(`${path}[]`, spec.element as FieldSpec, { name: '', type: type.element }, found);
  } else found.push(`${path}: is ${describe(type)}, expected ${describeSpec(spec)}`);
}

type ArrayNode = Extract<TypeNode, { kind: 'array' | 'list' }>;

function isArray(type: TypeNode): type is ArrayNode {
  return type.kind === 'array' || type.kind === 'list';
}

function lengthOf(type: ArrayNode): number | undefined {
  return type.kind === 'array' ? type.length : undefined;
}

function describe(type: TypeNode): string {
  switch (type.kind) {
    case 'scalar':
      return type.type;
    case 'string':
      return `string[${type.length ?? ''}]`;
    case 'array':
      return `${describe(type.element)}[${type.length}]`;
    case 'list':
      return `${describe(type.element)}[]`;
    default:
      return `${type.kind} ${type.name}`;
  }
}

function describeSpec(spec: Exclude<FieldSpec, string>): string {
  return spec.kind === 'list' ? `an array[${spec.length ?? ''}]` : `a ${spec.kind}`;
}

function withoutHeader(fields: readonly FieldNode[]): readonly FieldNode[] {
  return fields.filter((field) => !HEADER_FIELDS.has(field.name));
}
