import type { Clock, Logger } from '@taas/service';
import type { Release } from 'vpp-sim';
import type { VppBinary } from './vpp-process.js';

export interface CloudOptions {
  /** A folder of the cloud's own: sockets, logs, configurations, etcd's data. */
  readonly directory: string;
  /** A real VPP for every node; undefined: the simulator. */
  readonly vpp: VppBinary | undefined;
  /** As which release of VPP the simulators speak; default: the newest. */
  readonly release?: Release;
  /** Path of a real etcd; undefined: a store within this process. */
  readonly etcd: string | undefined;
  readonly nodes: readonly string[];
  /** `either`: VLAN is preferred. */
  readonly transport: 'vlan' | 'vxlan' | 'either';
  /**
   * Whether server and agents are the real programs, each a process of its own, as an operator runs them. That needs
   * etcd, since processes cannot share a store in memory.
   */
  readonly processes?: boolean;
  /** The nodes' addresses for tunnels are of IPv6. */
  readonly ip6?: boolean;
  /** Options of every agent beside those that the lab gives it. */
  readonly agent?: object;
  /** How many ids there are for ways between nodes; default: many. */
  readonly segments?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const physnet = 'physnet1';

/** Where copies may travel: ranges far from what anybody else would use in a lab. */
export function segmentsFor({ transport, segments }: CloudOptions): readonly object[] {
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
