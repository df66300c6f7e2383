import { etherTypes, tagTypes } from '@taas/model';
import { isObject } from '../api/taas-api.js';
import { isWithin } from './ip-prefix.js';
import { type Packet, protocols } from './packet.js';

/** What becomes of a packet at a filter, and what decides. */
export interface FilterVerdict {
  /** `undecided`: it depends on what was not said of the packet, or on a rule that cannot be read. */
  readonly is: 'copied' | 'not copied' | 'undecided';
  /** Which rule decides, counted from 0; null if none does. */
  readonly rule: number | null;
  readonly because: string;
}

/** Yes, no, or what it depends on. */
type Match = boolean | string;

/**
 * What `filter_rules` of a flow do with a packet, as docs/decisions/0011-filters.md says: the first rule that matches decides, and
 * what none matches is not copied. Without rules everything is copied.
 */
export function filterVerdict(rules: readonly unknown[], packet: Packet): FilterVerdict {
  if (rules.length === 0) return { is: 'copied', rule: null, because: 'the tap flow has no filter rules' };
  for (const [n, rule] of rules.entries()) {
    if (!isObject(rule) || (rule['action'] !== 'accept' && rule['action'] !== 'reject'))
      return { is: 'undecided', rule: n, because: `rule ${n} cannot be read` };
    const match = matches(rule, packet);
    if (typeof match === 'string') return { is: 'undecided', rule: n, because: `rule ${n} depends on ${match}` };
    if (match)
      return {
        is: rule['action'] === 'accept' ? 'copied' : 'not copied',
        rule: n,
        because: `rule ${n} matches: ${spelled(rule)}`,
      };
  }
  return { is: 'not copied', rule: null, because: `none of the ${rules.length} rules matches` };
}

/** What `vlan_filter` does: it is about the outermost tag alone. */
export function vlanVerdict(filter: unknown, packet: Packet): FilterVerdict {
  if (filter === null || filter === undefined)
    return { is: 'copied', rule: null, because: 'the tap flow has no VLAN filter' };
  const ranges =
    typeof filter === 'string' ? filter.split(',').map((part) => /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part)) : [null];
  if (ranges.includes(null))
    return { is: 'undecided', rule: null, because: `vlan_filter ${JSON.stringify(filter)} cannot be read` };
  const [outermost] = packet.tags;
  if (outermost === undefined)
    return { is: 'not copied', rule: null, because: `it has no VLAN tag, and vlan_filter is ${filter}` };
  const isNamed = ranges.some((range) => {
    const first = Number(range?.[1]);
    return outermost.vlan >= first && outermost.vlan <= Number(range?.[2] ?? first);
  });
  return {
    is: isNamed ? 'copied' : 'not copied',
    rule: null,
    because: `its outermost VLAN is ${outermost.vlan}, and vlan_filter is ${filter}`,
  };
}

type Rule = Readonly<Record<string, unknown>>;

const spelled = (rule: Rule) =>
  Object.entries(rule)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => (name === 'action' ? String(value) : `${name}=${value}`))
    .join(', ');

function matches(rule: Rule, packet: Packet): Match {
  const { type, ip } = lookedThrough(packet);
  const named = (name: string) => (rule[name] === null || rule[name] === undefined ? undefined : rule[name]);
  const ethertype = named('ethertype');
  const protocol = named('protocol');
  const rest: Match[] = [];
  if (ethertype !== undefined) rest.push(equal(ethertypeOf(ethertype), type, 'ethertype'));
  const needsIp = ['protocol', 'source_ip_prefix', 'destination_ip_prefix', 'source_port', 'destination_port'];
  if (needsIp.some((name) => named(name) !== undefined)) {
    if (ip === null) return false;
    if (protocol !== undefined) rest.push(equal(protocolOf(protocol), ip.protocol, "the packet's protocol"));
    rest.push(within(ip.source, named('source_ip_prefix')), within(ip.destination, named('destination_ip_prefix')));
    // A later fragment has no ports, and goes where its packet goes.
    if (!ip.isLaterFragment) {
      rest.push(inRange(ip.sourcePort, named('source_port'), 'source port'));
      rest.push(inRange(ip.destinationPort, named('destination_port'), 'destination port'));
    }
  }
  // One no is enough, whatever the others depend on.
  if (rest.includes(false)) return false;
  return rest.find((each) => typeof each === 'string') ?? true;
}

/** Two tags are looked through, the second only if it is 802.1Q: a tag that is not is the frame's ethertype. */
function lookedThrough({ tags, ethertype, ip }: Packet): { readonly type: number; readonly ip: Packet['ip'] } {
  const [, second, third] = tags;
  const hidden = second !== undefined && second.tpid !== tagTypes[0] ? second : third;
  return hidden === undefined ? { type: ethertype, ip } : { type: hidden.tpid, ip: null };
}

function equal(wanted: number | null, is: number | undefined, what: string): Match {
  if (wanted === null) return `a value of ${what} that cannot be read`;
  return is === undefined ? what : wanted === is;
}

function within(address: string, prefix: unknown): Match {
  if (prefix === undefined) return true;
  return (typeof prefix === 'string' ? isWithin(address, prefix) : null) ?? 'a prefix that cannot be read';
}

function inRange(port: number | undefined, range: unknown, what: string): Match {
  if (range === undefined) return true;
  const [, first, last = first] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(String(range)) ?? [];
  if (first === undefined) return `a ${what} that cannot be read`;
  if (Number(first) === 0 && Number(last) === 65535) return true;
  return port === undefined ? `the packet's ${what}` : port >= Number(first) && port <= Number(last);
}

function ethertypeOf(value: unknown): number | null {
  const names: Readonly<Record<string, number>> = etherTypes;
  if (typeof value === 'number') return value;
  const text = String(value).toLowerCase();
  if (Object.hasOwn(names, text)) return names[text] ?? null;
  return /^0x[0-9a-f]{3,4}$/.test(text) ? Number(text) : null;
}

function protocolOf(value: unknown): number | null {
  const text = String(value).toLowerCase();
  if (Object.hasOwn(protocols, text)) return protocols[text] ?? null;
  return /^\d{1,3}$/.test(text) ? Number(text) : null;
}
