import { isIP } from 'node:net';
import { directions, mirrorTypes } from '@taas/model';
import Type, { type TSchema } from 'typebox';
import { listed, pythonStr } from '../errors/python-repr.js';
import { isoTime } from '../http/iso-time.js';

/**
 * A type of attribute: what Neutron says of a wrong value, and the schema of the right ones, which OpenAPI shows. A test
 * holds the two together.
 */
export interface AttributeType {
  readonly schema: TSchema;
  /** @returns what is wrong with a value, in Neutron's words, or null */
  readonly check: (value: unknown) => string | null;
  /** A value that has passed the check, in the form in which it is stored. */
  readonly convert?: (value: unknown) => unknown;
  /**
   * A value that has passed the check as it must be shown again, if it could not be told from the stored form. Neutron
   * answers with what it was given, and clients compare that with what they have sent.
   */
  readonly given?: (value: unknown) => unknown;
}

/** Longer than any spelling of a UUID that somebody writes. */
const longestUuid = 255;

/** Python's uuid.UUID accepts braces, a urn prefix and missing hyphens; such an id then names nothing. */
export const uuid: AttributeType = {
  schema: Type.String({ format: 'uuid' }),
  check: (value) =>
    typeof value === 'string' && value.length <= longestUuid && isUuid(value)
      ? null
      : `'${pythonStr(value)}' is not a valid UUID.`,
};

function isUuid(value: string): boolean {
  const plain = withoutBraces(value.replaceAll('urn:', '').replaceAll('uuid:', '')).replaceAll('-', '');
  return /^[0-9a-fA-F]{32}(?![\s\S])/.test(plain);
}

/** Character by character: a regular expression for braces at the end tries each brace anew, in quadratic time. */
export function withoutBraces(text: string): string {
  const isBrace = (at: number) => text[at] === '{' || text[at] === '}';
  let [start, end] = [0, text.length];
  while (start < end && isBrace(start)) start += 1;
  while (end > start && isBrace(end - 1)) end -= 1;
  return text.slice(start, end);
}

const textCheck = (value: unknown): string | null => {
  if (typeof value !== 'string') return `'${pythonStr(value)}' is not a valid string.`;
  // Half of a surrogate pair is no character: it could not be stored and read back as it was.
  return /\p{Surrogate}/u.test(value) ? 'it contains a lone surrogate, which is not a character.' : null;
};

/** What Neutron's API takes for a name, a description or a project's id, in characters as Python counts them. */
export const mostCharacters = 255;
/** Every VLAN id named once, and a comma after each. */
const mostOfVlanFilter = 4096 * 5;

/** Neutron's words, but for its echo of the whole value: a refusal is no longer than what would have been taken. */
export const lengthCheck = (value: string, most: number): string | null => {
  // Code units are more than characters, or as many: counting is needed only near the limit.
  if (value.length <= most || (value.length <= most * 2 && [...value].length <= most)) return null;
  return `'${[...value.slice(0, 64)].slice(0, 32).join('')}...' exceeds maximum length of ${most}`;
};

export const text: AttributeType = {
  schema: Type.String({ maxLength: mostCharacters }),
  check: (value) => textCheck(value) ?? lengthCheck(String(value), mostCharacters),
};

/** A text that is kept only where it says something. */
export const saying: AttributeType = { ...text, convert: (value) => (value === '' ? undefined : value) };

export const project: AttributeType = {
  schema: Type.String({ pattern: '\\S', maxLength: mostCharacters }),
  check: (value) =>
    text.check(value) ?? (/\S/.test(String(value)) ? null : `'${pythonStr(value)}' Blank strings are not permitted.`),
};

/** With its zone, since nobody knows which one is meant without. */
const momentPattern = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$';

const isMoment = (text: string): boolean => {
  if (!new RegExp(momentPattern).test(text) || Number.isNaN(Date.parse(text))) return false;
  // The 30th of February would be taken for a day of March.
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
};

/** A moment, kept in ms since the epoch; null for none. */
export const moment: AttributeType = {
  schema: Type.Union([Type.String({ format: 'date-time', pattern: momentPattern }), Type.Null()]),
  check: (value) =>
    value === null || (typeof value === 'string' && value.length <= 64 && isMoment(value))
      ? null
      : `'${pythonStr(value)}' is not a time such as 2026-11-30T18:00:00Z`,
  convert: (value) => (typeof value === 'string' ? Date.parse(value) : undefined),
  given: (value) => (typeof value !== 'string' || isoTime(Date.parse(value)) === value ? undefined : value),
};

/** Ids of users, which answers show and nobody gives. */
export const users: AttributeType = {
  schema: Type.Array(Type.String()),
  check: (value) =>
    Array.isArray(value) && value.every((each) => typeof each === 'string')
      ? null
      : `'${pythonStr(value)}' is not a valid string.`,
};

const oneOf = (values: readonly string[]): AttributeType => ({
  schema: Type.Enum([...values]),
  check: (value) => (values.some((known) => known === value) ? null : `${pythonStr(value)} is not in valid_values.`),
});

export const direction = oneOf(directions);
/** Kept only where it is `exact`. */
export const accounting: AttributeType = {
  ...oneOf(['shared', 'exact']),
  convert: (value) => (value === 'exact' ? value : undefined),
};
/** Kept only where it is true. */
export const wish: AttributeType = {
  schema: Type.Boolean(),
  check: (value) => (typeof value === 'boolean' ? null : `'${pythonStr(value)}' is not a valid boolean value.`),
  convert: (value) => (value === true ? true : undefined),
};
/** In the order of Neutron's own list. */
export const mirrorType = oneOf([...mirrorTypes].sort());

const vlanPattern = '^([0-9]+(-[0-9]+)?)(,([0-9]+(-[0-9]+)?))*\\n?(?![\\s\\S])';

/** Neutron's pattern: numbers and ranges of numbers by comma, nothing about their size. */
export const vlanFilter: AttributeType = {
  schema: Type.Union([Type.String({ pattern: vlanPattern, maxLength: mostOfVlanFilter }), Type.Null()]),
  check: (value) => {
    if (value === null) return null;
    if (typeof value !== 'string') return `'${pythonStr(value)}' is not a valid input.`;
    return (
      lengthCheck(value, mostOfVlanFilter) ??
      (new RegExp(vlanPattern).test(value) ? null : `'${pythonStr(value)}' is not a valid input.`)
    );
  },
};

/** Of an IPv6 address that ends in IPv4. */
const longestAddress = 45;

/** An IP address without zone. Whether copies may be sent there is the remote address policy's to say. */
export const ipAddress: AttributeType = {
  schema: Type.Union([Type.String({ format: 'ipv4' }), Type.String({ format: 'ipv6' })]),
  check: (value) =>
    typeof value === 'string' && value.length <= longestAddress && isIP(value) !== 0 && !value.includes('%')
      ? null
      : `'${pythonStr(value)}' is not a valid IP address`,
};

/** As clients send numbers: the command line's are texts. */
const integerPattern = '^[+-]?[0-9]{1,15}$';

const integerCheck = (value: unknown): string | null => {
  const fits =
    (typeof value === 'number' && Number.isSafeInteger(value)) ||
    (typeof value === 'string' && new RegExp(integerPattern).test(value));
  if (fits) return null;
  return typeof value === 'boolean'
    ? `'${pythonStr(value)}' is not an integer:boolean`
    : `'${pythonStr(value)}' is not an integer`;
};

export const tunnelIds: AttributeType = {
  schema: Type.Object(
    Object.fromEntries(
      directions.map((name) => [
        name,
        Type.Optional(Type.Union([Type.Integer(), Type.String({ pattern: integerPattern })])),
      ]),
    ),
    { additionalProperties: false, minProperties: 1 },
  ),
  check: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return `'${pythonStr(value)}' is not a dictionary`;
    }
    const entries = Object.entries(value);
    const unexpected = entries.map(([name]) => name).filter((name) => !directions.some((known) => known === name));
    if (unexpected.length > 0) return `Unexpected keys supplied: ${listed(unexpected)}`;
    if (entries.length === 0) return 'at least one of IN, OUT and BOTH must have a tunnel id';
    for (const name of directions) {
      const problem = Object.hasOwn(value, name) ? integerCheck((value as Record<string, unknown>)[name]) : null;
      if (problem !== null) return problem;
    }
    return null;
  },
  convert: (value) => Object.fromEntries(Object.entries(value as object).map(([name, id]) => [name, Number(id)])),
  given: (value) => (Object.values(value as object).every((id) => typeof id === 'number') ? undefined : value),
};
