import type { FilterRule } from '@taas/model';
import type { AclRule } from './actual.js';
import { canonicalAddress } from './node-facts.js';
import { type Found, found, refused } from './obstacle.js';

const anyPort = [0, 65535] as const;
const protocolsWithPorts = new Set([6, 17, 132]);

/**
 * A flow's filter as the rules of a stateless ACL. VPP's ACLs see IPv4 and IPv6 only; what matches no rule is dropped.
 */
export function aclRules(filter: readonly FilterRule[]): Found<readonly AclRule[]> {
  const rules: AclRule[] = [];
  for (const [n, rule] of filter.entries()) {
    const protocol = rule.protocol ?? 0;
    if ((rule.source_ports || rule.destination_ports) && !protocolsWithPorts.has(protocol))
      return refused(`rule ${n} of the filter names ports without protocol 6, 17 or 132`);
    const any = rule.ethertype === 'ipv4' ? '0.0.0.0/0' : '::/0';
    const source = prefix(rule.source ?? any, rule.ethertype);
    const destination = prefix(rule.destination ?? any, rule.ethertype);
    if (source === null || destination === null)
      return refused(`rule ${n} of the filter has an address that is not of ${rule.ethertype}`);
    rules.push({
      permit: rule.action === 'accept',
      source,
      destination,
      protocol,
      sourcePorts: rule.source_ports ?? anyPort,
      destinationPorts: rule.destination_ports ?? anyPort,
    });
  }
  return found(rules);
}

export function sameRules(a: readonly AclRule[], b: readonly AclRule[]): boolean {
  return a.length === b.length && a.every((rule, n) => text(rule) === text(b[n]));
}

function prefix(given: string, ethertype: 'ipv4' | 'ipv6'): string | null {
  const [address = '', length] = given.split('/');
  if (address.includes(':') !== (ethertype === 'ipv6')) return null;
  const bits = ethertype === 'ipv4' ? 32 : 128;
  const bound = Number(length ?? bits);
  return Number.isInteger(bound) && bound >= 0 && bound <= bits ? `${canonicalAddress(address)}/${bound}` : null;
}

function text(rule: AclRule | undefined): string {
  if (!rule) return '';
  const { permit, source, destination, protocol, sourcePorts, destinationPorts } = rule;
  return [permit, source, destination, protocol, ...sourcePorts, ...destinationPorts].join(' ');
}
