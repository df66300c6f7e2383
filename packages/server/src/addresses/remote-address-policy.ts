import { isIP } from 'node:net';
import type { KnownUnderlay } from '../view/underlay.js';
import { embeddedAddress } from './embedded-address.js';
import { SubnetSet } from './subnet-set.js';

export type AddressVerdict =
  | { readonly is: 'allowed' }
  /** `reason` is for the tenant. */
  | { readonly is: 'refused'; readonly reason: string }
  /** Which addresses are the cloud's own is not known: nobody can say whether this is one. */
  | { readonly is: 'unknown'; readonly reason: string };

/** Which addresses tap mirrors may send copies to. */
export interface RemoteAddressPolicy {
  judge(address: string, underlay: KnownUnderlay): AddressVerdict;
}

/** How wide the underlay's subnets are, in bits, by the family of the addresses that tell where they are. */
export interface UnderlayPrefix {
  readonly ipv4: number;
  readonly ipv6: number;
}

export interface RemoteAddressOptions {
  /** Subnets of the operator's (`10.0.0.0/24`, or one address), such as the management network. */
  readonly denied: readonly string[];
  /** The underlay's subnets, as the operator has named them. */
  readonly underlaySubnets: readonly string[];
  /** What is in one subnet of this length with a tunnel address is the underlay's too. */
  readonly prefix: UnderlayPrefix;
}

/** What underlays mostly have. */
export const usualUnderlayPrefix: UnderlayPrefix = { ipv4: 24, ipv6: 64 };

/** What a server has that nobody has configured. */
export const usualRemoteAddresses: RemoteAddressOptions = {
  ...{ denied: [], underlaySubnets: [], prefix: usualUnderlayPrefix },
};

/**
 * Where nothing outside could receive copies, or where they would harm: by kind, in CIDR. Private, shared (100.64.0.0/10),
 * benchmarking and documentation addresses are not among them: collectors stand there.
 */
const always: Readonly<Record<string, readonly string[]>> = {
  'the unspecified address': ['0.0.0.0/8', '::/128'],
  'a loopback address': ['127.0.0.0/8', '::1/128'],
  'a link-local address': ['169.254.0.0/16', 'fe80::/10'],
  'a site-local address': ['fec0::/10'],
  'a multicast address': ['224.0.0.0/4', 'ff00::/8'],
  'a broadcast or reserved address': ['240.0.0.0/4', '192.0.0.0/24', '100::/64'],
};

/** @throws SubnetError */
export function remoteAddressPolicy({ denied, underlaySubnets, prefix }: RemoteAddressOptions): RemoteAddressPolicy {
  const kinds = Object.entries(always).map(([kind, subnets]) => ({ kind, subnets: new SubnetSet(subnets) }));
  const operators = new SubnetSet([...denied, ...underlaySubnets]);
  const around = (own: string): string => `${own}/${isIP(own) === 6 ? prefix.ipv6 : prefix.ipv4}`;
  const nodesSubnets = (addresses: readonly string[]): SubnetSet => {
    const usable = addresses.flatMap((own) => {
      const embedded = embeddedAddress(own);
      return embedded.is === 'embedded' ? [own, embedded.address] : [own];
    });
    return new SubnetSet(usable.filter((own) => isIP(own) !== 0 && !own.includes('%')).map(around));
  };
  const recorded = new WeakMap<readonly string[], SubnetSet>();
  const recordedSubnets = (addresses: readonly string[]): SubnetSet => {
    const known = recorded.get(addresses) ?? nodesSubnets(addresses);
    recorded.set(addresses, known);
    return known;
  };

  /** What is wrong with sending there, whoever the nodes are; an address in the address counts as much as the address. */
  const kindOf = (address: string): string | null => {
    const kind = kinds.find(({ subnets }) => subnets.has(address));
    if (kind) return kind.kind;
    const embedded = embeddedAddress(address);
    if (embedded.is === 'unclear') return embedded.kind;
    return embedded.is === 'embedded' ? kindOf(embedded.address) : null;
  };
  const isOurs = (address: string, own: readonly SubnetSet[]): boolean => {
    if (own.some((subnets) => subnets.has(address))) return true;
    const embedded = embeddedAddress(address);
    return embedded.is === 'embedded' && isOurs(embedded.address, own);
  };

  return {
    judge: (address, underlay) => {
      const refused = (reason: string): AddressVerdict => ({ is: 'refused', reason: `'${address}' ${reason}` });
      if (isIP(address) === 0 || address.includes('%')) return refused('is not a valid IP address');
      const kind = kindOf(address);
      if (kind !== null) return refused(`is ${kind}, where no copies can be sent`);
      const nodes = [recordedSubnets(underlay.recorded), nodesSubnets(underlay.unrecorded)];
      // Nothing about the underlay but that this is not allowed.
      if (isOurs(address, [operators, ...nodes])) return refused('is not allowed');
      if (underlay.unreadable !== null)
        return unknown("the cloud's record of the tunnel addresses of a node cannot be read");
      if (underlaySubnets.length === 0 && underlay.recorded.length + underlay.unrecorded.length === 0)
        return unknown('no node has told its tunnel address yet');
      return { is: 'allowed' };
    },
  };
}

const unknown = (because: string): AddressVerdict => ({
  is: 'unknown',
  reason: `which addresses are the cloud's own is not known at the moment, since ${because}`,
});
