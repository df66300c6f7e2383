import type { CloudOptions } from './cloud-options.js';

export const physnet = 'physnet1';

/** Where copies may travel: ranges far from what anybody else would use in a lab. */
export function segmentsFor({ transport, segments }: Pick<CloudOptions, 'transport' | 'segments'>): readonly object[] {
  const range = (first: number, many: number) => ({ first, last: first + (segments ?? many) - 1 });
  return [
    // There is no Neutron in a lab: whoever starts one says that nobody else is on its wire.
    ...(transport === 'vxlan' ? [] : [{ type: 'vlan', physnet, exclusive: true, ...range(3900, 100) }]),
    ...(transport === 'vlan' ? [] : [{ type: 'vxlan', ...range(70_000, 10_000) }]),
  ];
}

/** Where the nodes' addresses for tunnels are. */
export const underlaySubnets: readonly string[] = ['10.99.0.0/24', 'fd99::/64'];

/** The n-th node's address for tunnels, with its prefix length. */
export function tunnelAddress(n: number, ip6 = false): string {
  return ip6 ? `fd99::${n + 1}/64` : `10.99.0.${n + 1}/24`;
}
