import type { FilterRule, GivenRule, TapFlowRecord } from '@taas/model';
import Type from 'typebox';
import type { Caller } from '../auth/authenticator.js';
import { badRequest, tapNotFound } from '../errors/neutron-error.js';
import { pythonStr } from '../errors/python-repr.js';
import { type JsonObject, resourcesToCreate } from '../http/request-body.js';
import { type AttributeType, direction, lengthCheck, uuid } from '../taps/attribute-type.js';
import {
  type Attribute,
  checkCreate,
  commonAttributes,
  invalidInput,
  notSpecified,
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
  /** That it is of; null: the ports were given. */
  readonly tap_flow_id: string | null;
  readonly source_ports: readonly string[];
  readonly vlan_filter: string | null;
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

const orNull = (type: AttributeType): AttributeType => ({
  ...type,
  schema: Type.Union([type.schema, Type.Null()]),
  check: (value) => (value === null ? null : type.check(value)),
});
const portsOrNull = orNull(ports);
const uuidOrNull = orNull(uuid);

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
  source_ports: optional(null, portsOrNull, 'The Neutron ports whose traffic is captured; of the same project.'),
  tap_flow_id: optional(
    null,
    uuidOrNull,
    'Instead: the tap flow whose port, direction and filters it has, as they are when it begins.',
  ),
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

/** Finds a tap flow as a caller may see it. @throws NeutronError 404 */
export type FindFlow = (id: string, caller: Caller) => Promise<TapFlowRecord>;

/** What a capture of a tap flow has of the flow. */
const ofFlow = ['source_ports', 'direction', 'filter_rules'];

/** @param terms what the operator asks of taps @throws NeutronError 400 in Neutron's words */
export async function captureWish(
  json: unknown,
  caller: Caller,
  terms: TapTerms,
  findFlow: FindFlow,
): Promise<CaptureWish> {
  const { bulk, items } = resourcesToCreate(json, 'capture', 1);
  const [item] = items;
  if (bulk || item === undefined) throw badRequest('Captures are made one by one');
  const wish = await wished(item, caller, findFlow);
  if (terms.longestMs !== null && wish.seconds * 1000 > terms.longestMs)
    throw invalidInput('seconds', `the operator lets captures last ${terms.longestMs / 1000} seconds at most.`);
  const reason = reasonOf(terms, wish);
  return reason === '' ? wish : { ...wish, reason };
}

/** As the client sent it, with the attributes' defaults. */
type Checked = Omit<CaptureWish, 'source_ports'> & { readonly source_ports: readonly string[] | null };

async function wished(item: JsonObject, caller: Caller, findFlow: FindFlow): Promise<CaptureWish> {
  // What the attributes let through is a wish, but for what it is of.
  const wish = checkCreate(captureAttributes, item, caller) as Checked;
  const { source_ports, tap_flow_id: id } = wish;
  if (id === null) {
    if (source_ports !== null) return { ...wish, source_ports, vlan_filter: null };
    throw notSpecified('source_ports');
  }
  const besides = ofFlow.filter((name) => Object.hasOwn(item, name));
  if (besides.length > 0) throw invalidInput('tap_flow_id', `the capture has ${besides.join(', ')} of the tap flow.`);
  const flow = await findFlow(id, caller);
  const isNamed = Object.hasOwn(item, 'project_id') || Object.hasOwn(item, 'tenant_id');
  if (isNamed && wish.project_id !== flow.project_id) throw tapNotFound('tap_flows', id);
  const { project_id, source_port, direction, vlan_filter, filter_rules = [], filter_rules_given } = flow;
  const given = filter_rules_given === undefined ? {} : { filter_rules_given };
  return { ...wish, project_id, source_ports: [source_port], direction, vlan_filter, filter_rules, ...given };
}
