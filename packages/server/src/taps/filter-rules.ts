import {
  etherTypes,
  extensionHeaders,
  type FilterRule,
  type GivenRule,
  mostFilterRules,
  protocolsWithPorts,
  tagTypes,
} from '@taas/model';
import Type from 'typebox';
import { listed, pythonRepr, pythonStr } from '../errors/python-repr.js';
import { canonicalPrefix } from '../http/ip-prefix.js';
import type { AttributeType } from './attribute-type.js';

/** Rules of one flow. */

const actions = ['accept', 'reject'] as const;
const names = { IPv4: etherTypes.ipv4, IPv6: etherTypes.ipv6, ARP: etherTypes.arp };
const protocols = {
  tcp: 6,
  udp: 17,
  icmp: 1,
  'ipv6-icmp': 58,
  sctp: 132,
  gre: 47,
  esp: 50,
  ah: 51,
  ospf: 89,
  vrrp: 112,
};
const isIp = (type: number | undefined) => type === etherTypes.ipv4 || type === etherTypes.ipv6;

/** What is wrong with a rule, for the user. */
class Wrong {
  constructor(readonly problem: string) {}
}

const ethertypePattern = '^([iI][pP][vV][46]|[aA][rR][pP]|0[xX][0-9a-fA-F]{3,4})(?![\\s\\S])';
const portsPattern = '^[0-9]{1,5}(:[0-9]{1,5})?(?![\\s\\S])';
const nullable = <T extends object>(schema: T) => Type.Optional(Type.Union([schema as never, Type.Null()]));

const ruleSchema = Type.Object(
  {
    action: Type.Enum([...actions]),
    ethertype: nullable(
      Type.Union([Type.String({ pattern: ethertypePattern }), Type.Integer({ minimum: 0x600, maximum: 0xffff })]),
    ),
    protocol: nullable(Type.Union([Type.String(), Type.Integer({ minimum: 1, maximum: 255 })])),
    source_ip_prefix: nullable(Type.String()),
    destination_ip_prefix: nullable(Type.String()),
    source_port: nullable(
      Type.Union([Type.String({ pattern: portsPattern }), Type.Integer({ minimum: 0, maximum: 65535 })]),
    ),
    destination_port: nullable(
      Type.Union([Type.String({ pattern: portsPattern }), Type.Integer({ minimum: 0, maximum: 65535 })]),
    ),
  },
  { additionalProperties: false },
);

/**
 * The ordered rules of a flow's filter; what VPP cannot do exactly is refused here rather than done roughly. Addresses and
 * numbers are stored in one spelling, besides the client's own where that is another.
 */
export const filterRules: AttributeType = {
  schema: Type.Array(ruleSchema, { maxItems: mostFilterRules }),
  check: (value) => {
    const rules = parseRules(value);
    return rules instanceof Wrong ? rules.problem : null;
  },
  convert: (value) => parseRules(value),
  given: givenRules,
};

/** The parts of each rule as they were given, or undefined if every rule would be shown so anyhow. */
function givenRules(value: unknown): GivenRule[] | undefined {
  const rules = parseRules(value);
  if (rules instanceof Wrong) return undefined;
  const given = (value as Record<string, unknown>[]).map((each) =>
    Object.fromEntries(Object.entries(each).filter(([name, part]) => name !== 'action' && part !== null)),
  );
  const isSame = rules.every((rule, n) => {
    const plain: Record<string, unknown> = shownRule(rule);
    return Object.entries(given[n] ?? {}).every(([name, part]) => plain[name] === part);
  });
  return isSame ? undefined : (given as GivenRule[]);
}

/** The rules of a flow as the API shows them: as they were given. */
export const shownRules = (rules: readonly FilterRule[], given: readonly GivenRule[] | undefined) =>
  rules.map((rule, n) => ({ ...shownRule(rule), ...given?.[n] }));

function parseRules(value: unknown): FilterRule[] | Wrong {
  if (!Array.isArray(value)) return new Wrong(`'${pythonStr(value)}' is not a list`);
  if (value.length > mostFilterRules)
    return new Wrong(`a flow has at most ${mostFilterRules} filter rules, ${value.length} are given`);
  const rules: FilterRule[] = [];
  for (const [n, each] of value.entries()) {
    const rule = parseRule(each);
    if (rule instanceof Wrong) return new Wrong(`rule ${n}: ${rule.problem}`);
    rules.push(rule);
  }
  return rules;
}

function parseRule(given: unknown): FilterRule | Wrong {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return new Wrong(`'${pythonStr(given)}' is not a dictionary`);
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(ruleSchema.properties, name));
  if (unknown.length > 0) return new Wrong(`Unexpected keys supplied: ${listed(unknown)}`);
  const { action, ...rest } = given as Record<string, unknown>;
  const known = actions.find((each) => each === action);
  if (known === undefined) return new Wrong(`action ${pythonRepr(action)} is not one of accept, reject`);
  const rule: FilterRule = { action: known };
  for (const [name, parse] of Object.entries(parts)) {
    const value = rest[name];
    if (value === undefined || value === null) continue;
    const problem = parse(value, rule);
    if (problem !== null) return new Wrong(`${name} ${problem}`);
  }
  const problem = contradiction(rule);
  return problem === null ? rule : new Wrong(problem);
}

/** By attribute: puts a value into a rule, or says what is wrong with it. */
const parts: Readonly<Record<string, (value: unknown, rule: FilterRule) => string | null>> = {
  ethertype: (value, rule) => {
    const type = ethertypeOf(value);
    if (type === null) return `${pythonRepr(value)} is not IPv4, IPv6, ARP or a number from 0x600 to 0xffff`;
    if (tagTypes.includes(type)) return `${pythonRepr(value)} is that of a VLAN tag, which is looked through`;
    rule.ethertype = type;
    return null;
  },
  protocol: (value, rule) => {
    const number = protocolOf(value);
    if (number === null)
      return `${pythonRepr(value)} is not a number from 1 to 255 nor one of ${Object.keys(protocols).join(', ')}`;
    rule.protocol = number;
    return null;
  },
  source_ip_prefix: (value, rule) => {
    const prefix = prefixOf(value);
    if (prefix !== null) rule.source = prefix;
    return prefix === null ? `${pythonRepr(value)} is not an IP address or prefix` : null;
  },
  destination_ip_prefix: (value, rule) => {
    const prefix = prefixOf(value);
    if (prefix !== null) rule.destination = prefix;
    return prefix === null ? `${pythonRepr(value)} is not an IP address or prefix` : null;
  },
  source_port: (value, rule) => {
    const ports = portsOf(value);
    if (ports !== null) rule.source_ports = ports;
    return ports === null ? `${pythonRepr(value)} is not a port or a range such as '80:90'` : null;
  },
  destination_port: (value, rule) => {
    const ports = portsOf(value);
    if (ports !== null) rule.destination_ports = ports;
    return ports === null ? `${pythonRepr(value)} is not a port or a range such as '80:90'` : null;
  },
};

/** Parts that cannot be true together, or not as VPP sees a packet. */
function contradiction(rule: FilterRule): string | null {
  const { action: _, ethertype, ...ip } = rule;
  if (ethertype !== undefined && !isIp(ethertype) && Object.keys(ip).length > 0)
    return `ethertype ${shownEthertype(ethertype)} has no ${shownNames(ip).join(' and no ')}`;
  if ((rule.source_ports || rule.destination_ports) && !protocolsWithPorts.includes(rule.protocol ?? 0))
    return 'ports need protocol tcp or udp: VPP sees those of no other';
  if (rule.protocol !== undefined && extensionHeaders.includes(rule.protocol) && ethertype !== etherTypes.ipv4)
    return `protocol ${rule.protocol} is an IPv6 extension header: name the protocol behind it, or ethertype IPv4`;
  const versions = [rule.source, rule.destination].flatMap((prefix) => (prefix ? [prefix.includes(':')] : []));
  if (isIp(ethertype)) versions.push(ethertype === etherTypes.ipv6);
  return versions.includes(true) && versions.includes(false)
    ? 'ethertype and prefixes are not of one IP version'
    : null;
}

function shownNames(ip: Omit<FilterRule, 'action' | 'ethertype'>): string[] {
  const shown = shownRule({ action: 'accept', ...ip });
  return Object.entries(shown).flatMap(([name, value]) => (name === 'action' || value === null ? [] : [name]));
}

function ethertypeOf(value: unknown): number | null {
  if (typeof value === 'string') {
    const name = Object.entries(names).find(([each]) => each.toLowerCase() === value.toLowerCase());
    if (name) return name[1];
  }
  const hex = typeof value === 'string' && /^0x[0-9a-f]{3,4}(?![\s\S])/i.test(value) ? Number(value) : value;
  return typeof hex === 'number' && Number.isInteger(hex) && hex >= 0x600 && hex <= 0xffff ? hex : null;
}

function protocolOf(value: unknown): number | null {
  if (typeof value === 'string') {
    const name = Object.entries({ ...protocols, icmpv6: 58 }).find(([each]) => each === value.toLowerCase());
    if (name) return name[1];
  }
  const number = typeof value === 'string' && /^[0-9]{1,3}(?![\s\S])/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 255 ? number : null;
}

const prefixOf = (value: unknown): string | null => (typeof value === 'string' ? canonicalPrefix(value) : null);

function portsOf(value: unknown): [number, number] | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !new RegExp(portsPattern).test(text)) return null;
  const [first = 0, last = first] = text.split(':').map(Number);
  return first <= last && last <= 65535 ? [first, last] : null;
}

const shownEthertype = (type: number): string =>
  Object.entries(names).find(([, each]) => each === type)?.[0] ?? `0x${type.toString(16).padStart(4, '0')}`;
const shownPorts = (ports: readonly [number, number] | undefined): string | null =>
  ports ? (ports[0] === ports[1] ? String(ports[0]) : ports.join(':')) : null;

/** A rule in the spelling of its own: every part, null for those that it does not name. */
export function shownRule(rule: FilterRule) {
  const { protocol } = rule;
  const name = Object.entries(protocols).find(([, number]) => number === protocol)?.[0];
  return {
    action: rule.action,
    ethertype: rule.ethertype === undefined ? null : shownEthertype(rule.ethertype),
    protocol: name ?? protocol ?? null,
    source_ip_prefix: rule.source ?? null,
    destination_ip_prefix: rule.destination ?? null,
    source_port: shownPorts(rule.source_ports),
    destination_port: shownPorts(rule.destination_ports),
  };
}
