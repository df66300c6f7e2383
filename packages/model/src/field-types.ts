import Type from 'typebox';
import { isIpAddress, isIpPrefix, tunnelAddressProblem } from './node-address.js';

// The types of fields that several records have. Each is bounded: what one party writes, others act on.

/** Beyond it a JavaScript number is not exact any more, and comparisons of revisions lie. */
const mostInteger = Number.MAX_SAFE_INTEGER;

/** @param minimum and `maximum`: both included */
export const integer = (minimum: number, maximum: number = mostInteger) => Type.Integer({ minimum, maximum });

/** C0 and C1 control characters, and what turns the direction of a line: they rewrite a terminal, a log or a table. */
const control = '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069';

/** Of a node or a physical network, as it stands in keys. */
export const Name = Type.String({ minLength: 1, maxLength: 255, pattern: `^[^/${control}]+$` });

const name = new RegExp(`^[^/${control}]+$`, 'u');

/** Whether a text is a {@link Name}. */
export const isName = (text: string): boolean => text.length <= 255 && name.test(text);

/** Keystone's are 64 characters at most, Neutron's columns 255. */
export const ProjectId = Type.String({ minLength: 1, maxLength: 255 });

/** For people, in one line. */
export const Line = Type.String({ maxLength: 2048, pattern: `^[^${control}]*$` });

/** A version or a word. */
export const Word = Type.String({ maxLength: 128, pattern: `^[^${control}]*$` });

export const IpAddress = Type.Refine(Type.String({ maxLength: 45 }), isIpAddress, () => 'must be an IP address');

export const IpPrefix = Type.Refine(Type.String({ maxLength: 49 }), isIpPrefix, () => 'must be an IP prefix');

/** Where a node's tunnels end. */
export const TunnelAddress = Type.Refine(
  Type.String({ maxLength: 45 }),
  (text) => tunnelAddressProblem(text) === null,
  (text) => tunnelAddressProblem(text) ?? '',
);

const controls = new RegExp(`[${control}]`, 'gu');

/** A text of somebody else's as a {@link Line}: control characters become spaces, and what is too long is cut. */
export function asLine(text: string, longest = 500): string {
  return text.slice(0, longest).replace(controls, ' ');
}
