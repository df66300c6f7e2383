import { isIP } from 'node:net';
import { directions, mirrorTypes } from '@taas/model';
import Type, { type TSchema } from 'typebox';
import { pythonStr } from './python-repr.js';

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

/** Python's uuid.UUID accepts braces, a urn prefix and missing hyphens; such an id then names nothing. */
export const uuid: AttributeType = {
  schema: Type.String({ format: 'uuid' }),
  check: (value) => {
    const plain = pythonStr(value)
      .replaceAll('urn:', '')
      .replaceAll('uuid:', '')
      .replace(/^[{}]+|[{}]+$/g, '')
      .replaceAll('-', '');
    return typeof value === 'string' && /^[0-9a-fA-F]{32}(?![\s\S])/.test(plain)
      ? null
      : `'${pythonStr(value)}' is not a valid UUID.`;
  },
};

const textCheck = (value: unknown): string | null => {
  if (typeof value !== 'string') return `'${pythonStr(value)}' is not a valid string.`;
  // Half of a surrogate pair is no character: it could not be stored and read back as it was.
  return /\p{Surrogate}/u.test(value) ? 'it contains a lone surrogate, which is not a character.' : null;
};

export const text: AttributeType = { schema: Type.String(), check: textCheck };

export const project: AttributeType = {
  schema: Type.String({ pattern: '\\S' }),
  check: (value) =>
    textCheck(value) ?? (/\S/.test(String(value)) ? null : `'${String(value)}' Blank strings are not permitted.`),
};

const oneOf = (values: readonly string[]): AttributeType => ({
  schema: Type.Enum([...values]),
  check: (value) => (values.some((known) => known === value) ? null : `${pythonStr(value)} is not in valid_values.`),
});

export const direction = oneOf(directions);
/** In the order of Neutron's own list. */
export const mirrorType = oneOf([...mirrorTypes].sort());

const vlanPattern = '^([0-9]+(-[0-9]+)?)(,([0-9]+(-[0-9]+)?))*\\n?(?![\\s\\S])';

/** Neutron's pattern: numbers and ranges of numbers by comma, nothing about their size. */
export const vlanFilter: AttributeType = {
  schema: Type.Union([Type.String({ pattern: vlanPattern }), Type.Null()]),
  check: (value) =>
    value === null || (typeof value === 'string' && new RegExp(vlanPattern).test(value))
      ? null
      : `'${pythonStr(value)}' is not a valid input.`,
};

/** An IP address without zone. Whether copies may be sent there is the remote address policy's to say. */
export const ipAddress: AttributeType = {
  schema: Type.Union([Type.String({ format: 'ipv4' }), Type.String({ format: 'ipv6' })]),
  check: (value) =>
    typeof value === 'string' && isIP(value) !== 0 && !value.includes('%')
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
    if (unexpected.length > 0) return `Unexpected keys supplied: ${unexpected.join(', ')}`;
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
