import { BlockList, isIP } from 'node:net';

/** Which addresses tap mirrors may send copies to. */
export interface RemoteAddressPolicy {
  /** @returns why not, for the tenant, or null */
  problem(address: string): string | null;
}

/** Where nothing outside could receive copies, or where they would harm: by kind, in CIDR. */
const always: Readonly<Record<string, readonly string[]>> = {
  'the unspecified address': ['0.0.0.0/8', '::/128'],
  'a loopback address': ['127.0.0.0/8', '::1/128'],
  'a link-local address': ['169.254.0.0/16', 'fe80::/10'],
  'a multicast address': ['224.0.0.0/4', 'ff00::/8'],
  'a broadcast or reserved address': ['240.0.0.0/4'],
};

/** Raised for a subnet that is none. */
export class SubnetError extends Error {
  override readonly name = 'SubnetError';
}

/** How wide the underlay's subnets are, in bits, by the family of the addresses that tell where they are. */
export interface UnderlayPrefix {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** What underlays mostly have. */
export const usualUnderlayPrefix: UnderlayPrefix = { ipv4: 24, ipv6: 64 };

/**
 * @param denied subnets of the operator's (`10.0.0.0/24`, or one address), such as the management network
 * @param tunnelAddresses the nodes' tunnel addresses now: what is in one subnet with such an address is the underlay's
 * @throws SubnetError
 */
export function remoteAddressPolicy(
  denied: readonly string[],
  tunnelAddresses: () => Iterable<string>,
  prefix: UnderlayPrefix = usualUnderlayPrefix,
): RemoteAddressPolicy {
  const kinds = Object.entries(always).map(([kind, subnets]) => ({ kind, list: blockList(subnets) }));
  const operators = blockList(denied);
  return {
    problem: (address) => {
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      const kind = kinds.find(({ list }) => list.check(address, family));
      if (kind) return `'${address}' is ${kind.kind}, where no copies can be sent`;
      const nodes = [...tunnelAddresses()].filter((own) => isIP(own) !== 0);
      const underlay = blockList(nodes.map((own) => `${own}/${isIP(own) === 6 ? prefix.ipv6 : prefix.ipv4}`));
      // Nothing about the underlay but that this is not allowed.
      if (operators.check(address, family) || underlay.check(address, family)) return `'${address}' is not allowed`;
      return null;
    },
  };
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', prefix, ...more] = subnet.split('/');
    const family = isIP(address);
    const longest = family === 6 ? 128 : 32;
    const bits = prefix === undefined ? longest : Number(prefix);
    if (family === 0 || more.length > 0 || !/^\d+$/.test(prefix ?? '0') || bits > longest) {
      throw new SubnetError(`"${subnet}" is no subnet: write it like 192.0.2.0/24 or 2001:db8::/32`);
    }
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
