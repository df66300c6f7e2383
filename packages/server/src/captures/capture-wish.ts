import type { FilterRule, GivenRule } from '@taas/model';
import Type from 'typebox';
import type { Caller } from '../auth/authenticator.js';
import { badRequest } from '../errors/neutron-error.js';
import { pythonStr } from '../errors/python-repr.js';
import { type JsonObject, resourcesToCreate } from '../http/request-body.js';
import { type AttributeType, direction, lengthCheck, uuid } from '../taps/attribute-type.js';
import {
  type Attribute,
  checkCreate,
  commonAttributes,
  invalidInput,
  required,
  termAttributes,
} from '../taps/attributes.js';
import { filterRules } from '../taps/filter-rules.js';
import { reasonOf, type TapTerms } from '../taps/terms/tap-terms.js';
import { longestExpression } from './bpf-expression.js';

/** Ports of one capture. */
export const mostPorts = 8;
/** How long a capture may last, in seconds. */
export const seconds = { usual: 60, most: 3_600 } as const;
/** Longer than any frame. */
const longestFrame = 65_535;

/** What a client asks for, checked. */
export interface CaptureWish {
  readonly project_id: string;
  readonly name: string;
  readonly description: string;
  /** Absent: nobody has said. */
  readonly reason?: string;
  readonly source_ports: readonly string[];
  readonly direction: 'IN' | 'OUT' | 'BOTH';
  readonly filter_rules: readonly FilterRule[];
  readonly filter_rules_given?: readonly GivenRule[];
  /** A filter expression, of libpcap's language; null for none. */
  readonly bpf: string | null;
  /** Bytes of each frame that are kept; 0 for all. */
  readonly snaplen: number;
  readonly seconds: number;
  readonly packets: number;
  readonly bytes: number;
}

const ports: AttributeType = {
  schema: Type.Array(uuid.schema, { minItems: 1, maxItems: mostPorts, uniqueItems: true }),
  check: (value) => {
    if (!Array.isArray(value)) return `'${pythonStr(value)}' is not a list`;
    if (value.length === 0 || value.length > mostPorts) return `1 to ${mostPorts} ports can be captured`;
    for (const each of value) {
      const problem = uuid.check(each);
      if (problem !== null) return problem;
    }
    return new Set(value).size === value.length ? null : 'a port is named twice';
  },
};

const expression: AttributeType = {
  schema: Type.Union([Type.String({ maxLength: longestExpression }), Type.Null()]),
  check: (value) => {
    if (value === null) return null;
    if (typeof value !== 'string') return `'${pythonStr(value)}' is not a valid string.`;
    return lengthCheck(value, longestExpression);
  },
  convert: (value) => (typeof value === 'string' && value.trim() === '' ? null : value),
};

const whole = (minimum: number, maximum: number): AttributeType => ({
  schema: Type.Integer({ minimum, maximum }),
  check: (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum
      ? null
      : `'${pythonStr(value)}' is not a whole number from ${minimum} to ${maximum}`,
});

const optional = (usual: unknown, type: AttributeType, about: string): Attribute => ({
  ...{ post: true, put: false, default: usual, type, about },
});

export const captureAttributes: Readonly<Record<string, Attribute>> = {
  ...commonAttributes,
  reason: { ...termAttributes.reason, put: false },
  source_ports: required(ports, 'The Neutron ports whose traffic is captured; of the same project.'),
  direction: optional('BOTH', direction, 'IN is towards the VM, OUT is from it.'),
  filter_rules: optional([], filterRules, 'As those of tap flows: what VPP copies.'),
  bpf: optional(null, expression, 'A filter expression as tcpdump has it; what is kept of what VPP copies.'),
  snaplen: optional(0, whole(0, longestFrame), 'Bytes of each frame that are kept; 0 for all.'),
  seconds: optional(seconds.usual, whole(1, seconds.most), 'It ends so many seconds after it was made.'),
  packets: optional(1_000_000, whole(1, 1_000_000_000), 'It ends with so many packets.'),
  bytes: optional(
    100_000_000,
    whole(10_000, 100_000_000_000),
    'It ends before its file has more bytes; what was counted may come on top.',
  ),
};

/** @param terms what the operator asks of taps @throws NeutronError 400 in Neutron's words */
export function captureWish(json: unknown, caller: Caller, terms: TapTerms): CaptureWish {
  const { bulk, items } = resourcesToCreate(json, 'capture', 1);
  const [item] = items;
  if (bulk || item === undefined) throw badRequest('Captures are made one by one');
  const wish = checked(item, caller);
  if (terms.longestMs !== null && wish.seconds * 1000 > terms.longestMs)
    throw invalidInput('seconds', `the operator lets captures last ${terms.longestMs / 1000} seconds at most.`);
  const reason = reasonOf(terms, wish);
  return reason === '' ? wish : { ...wish, reason };
}

/** What the attributes let through is a wish. */
function checked(item: JsonObject, caller: Caller): CaptureWish {
  return checkCreate(captureAttributes, item, caller) as CaptureWish;
}
