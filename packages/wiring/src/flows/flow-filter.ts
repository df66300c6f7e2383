import { etherTypes, extensionHeaders, type FilterRule, type NodeTapFlow, protocolsWithPorts } from '@taas/model';
import { canonicalAddress } from '../node-facts.js';
import type { AclRule } from '../objects/acl.js';
import { type FrameClassifier, frameClassifier } from '../objects/frame-classifier.js';
import { type Found, found, refused } from '../plan/blocker.js';
import { parseVlanFilter, type VlanRange } from './vlan-ranges.js';
import { type Ip6Prefixes, wholeByteRules } from './whole-byte-prefixes.js';

/** What a flow's filters are on its loopback. */
export interface FlowFilter {
  /** Of a stateless ACL, for IPv4 and IPv6; empty: none. What matches no rule is dropped. */
  readonly rules: readonly AclRule[];
  /** The only ethertypes beside IPv4 and IPv6 that pass the ACL; empty: all. */
  readonly etherTypes: readonly number[];
  readonly classifier: FrameClassifier | null;
  /** Null: frames with and without tags alike. */
  readonly vlans: readonly VlanRange[] | null;
}

const anyPort = [0, 65535] as const;

/** Rules of one ACL where IPv6 prefixes have to be divided: VPP takes more, and compares each packet with one after the other. */
const mostDivided = 1024;

/** Translates a flow's filters to what VPP can do, or says which part VPP cannot do exactly. */
export function flowFilter(
  { filter, vlan_filter }: Pick<NodeTapFlow, 'filter' | 'vlan_filter'>,
  ip6Prefixes: Ip6Prefixes = 'any length',
): Found<FlowFilter> {
  const vlans = vlan_filter === null ? found(null) : parseVlanFilter(vlan_filter);
  if (vlans.blocker) return vlans;
  const rules: AclRule[] = [];
  for (const [n, rule] of filter.entries()) {
    const problem = problemOf(rule);
    if (problem !== null) return refused('filter_invalid', `rule ${n} of the filter ${problem}`);
    rules.push(...aclRules(rule));
  }
  const { accepted, rejected } = otherThanIp(filter);
  const divided = ip6Prefixes === 'any length' ? rules : wholeByteRules(rules, mostDivided);
  if (divided === null) return refused('filter_invalid', tooManyPrefixes);
  return found({
    // An ACL without rules is none at all: a filter that is about other ethertypes only still drops all IP.
    rules: filter.length > 0 && rules.length === 0 ? [dropAllIp] : divided,
    etherTypes: accepted ?? [],
    classifier: frameClassifier(vlans.value, rejected),
    vlans: vlans.value,
  });
}

const tooManyPrefixes =
  "this node's VPP, older than 25.06, matches IPv6 prefixes only if their length is a multiple of 8; those of this filter " +
  `would have to be divided into more than ${mostDivided} rules: use such lengths`;

const dropAllIp: AclRule = {
  permit: false,
  source: '0.0.0.0/0',
  destination: '0.0.0.0/0',
  protocol: 0,
  ...{ sourcePorts: anyPort, destinationPorts: anyPort },
};

/**
 * VPP applies its list of ethertypes to all but IPv4 and IPv6, and only if it has an entry. IPv4's, which never gets
 * there, stands for none; it also tells a list of ours from others'.
 */
export const listMark = etherTypes.ipv4;

/** Frames other than IP: either only the `accepted` ethertypes pass, or (null) all but the `rejected`. */
function otherThanIp(filter: readonly FilterRule[]): { accepted: number[] | null; rejected: number[] } {
  if (filter.length === 0) return { accepted: null, rejected: [] };
  const named = { accept: new Set<number>(), reject: new Set<number>() };
  for (const rule of filter) {
    if (ipOnly(rule)) continue;
    const { ethertype: type, action } = rule;
    if (type === undefined && action === 'accept') return { accepted: null, rejected: [...named.reject] };
    if (type === undefined) break;
    if (!named.accept.has(type) && !named.reject.has(type)) named[action].add(type);
  }
  return { accepted: [listMark, ...named.accept], rejected: [] };
}

const isIp = (type: number | undefined) => type === etherTypes.ipv4 || type === etherTypes.ipv6;
const namesIp = (rule: FilterRule) =>
  [rule.protocol, rule.source, rule.destination, rule.source_ports, rule.destination_ports].some(
    (part) => part !== undefined,
  );
const ipOnly = (rule: FilterRule) => isIp(rule.ethertype) || namesIp(rule);

function problemOf(rule: FilterRule): string | null {
  const { ethertype, protocol, source, destination } = rule;
  if (ethertype !== undefined && !isIp(ethertype) && namesIp(rule)) return 'names what only IPv4 and IPv6 have';
  if ((rule.source_ports || rule.destination_ports) && !protocolsWithPorts.includes(protocol ?? 0))
    return 'names ports without protocol 6 or 17';
  if (protocol !== undefined && extensionHeaders.includes(protocol) && ethertype !== etherTypes.ipv4)
    return `names protocol ${protocol}, an IPv6 extension header`;
  for (const ports of [rule.source_ports, rule.destination_ports])
    if (ports && ports[0] > ports[1]) return 'has a range of ports that ends before it begins';
  const wanted = isIp(ethertype) ? [ethertype === etherTypes.ipv6] : [false, true];
  const fits = wanted.some((six) => [source, destination].every((each) => each === undefined || prefix(each, six)));
  return fits ? null : 'has addresses that do not fit its ethertype or each other';
}

function aclRules(rule: FilterRule): AclRule[] {
  if (rule.ethertype !== undefined && !isIp(rule.ethertype)) return [];
  return [false, true].flatMap((six) => {
    if (rule.ethertype !== undefined && (rule.ethertype === etherTypes.ipv6) !== six) return [];
    const any = six ? '::/0' : '0.0.0.0/0';
    const source = prefix(rule.source ?? any, six);
    const destination = prefix(rule.destination ?? any, six);
    if (source === null || destination === null) return [];
    return [
      {
        permit: rule.action === 'accept',
        source,
        destination,
        protocol: rule.protocol ?? 0,
        sourcePorts: rule.source_ports ?? anyPort,
        destinationPorts: rule.destination_ports ?? anyPort,
      },
    ];
  });
}

/** Null for a prefix of the other version of IP, or of none. */
function prefix(given: string, six: boolean): string | null {
  const [address = '', length] = given.split('/');
  if (address.includes(':') !== six) return null;
  const bits = six ? 128 : 32;
  const bound = Number(length ?? bits);
  return Number.isInteger(bound) && bound >= 0 && bound <= bits ? `${canonicalAddress(address)}/${bound}` : null;
}

export function sameRules(a: readonly AclRule[], b: readonly AclRule[]): boolean {
  return a.length === b.length && a.every((rule, n) => text(rule) === text(b[n]));
}

function text(rule: AclRule | undefined): string {
  if (!rule) return '';
  const { permit, source, destination, protocol, sourcePorts, destinationPorts } = rule;
  return [permit, source, destination, protocol, ...sourcePorts, ...destinationPorts].join(' ');
}
