import { mirrorTransports, type NodeTapFlow, type TapMirrorRecord } from '@taas/model';

/** How long the copies of a port's longest packets are on their way. */
export interface CopySize {
  /** `local`: they do not leave the node. */
  readonly transport: 'local' | 'vlan' | 'vxlan' | TapMirrorRecord['mirror_type'];
  /** The longest IP packet of the port's network, in bytes; null if nobody says it. */
  readonly port_mtu: number | null;
  /** Bytes by which a copy is longer than the IP packet that it is of, the outer Ethernet header not counted. */
  readonly overhead: number;
  /** What the network between must take for one, in bytes of IP, or of Ethernet payload for a VLAN; null where it is not known or needs nothing. */
  readonly needs_mtu: number | null;
}

const ethernet = 14;
const udpAndVxlan = 8 + 8;
const ip = (address: string) => (address.includes(':') ? 40 : 20);

/** Of a flow's copies, by the way that they go. @param mtu of the source port */
export function flowCopySize(target: NodeTapFlow['target'], mtu: number | null): CopySize {
  if (target.type === 'local') return { transport: 'local', port_mtu: mtu, overhead: 0, needs_mtu: null };
  // The tag of a VLAN is no part of the payload that an MTU is about.
  const overhead = target.type === 'vlan' ? 0 : ethernet + udpAndVxlan + ip(target.remote);
  return sized(target.type, mtu, overhead);
}

/** Of a mirror's copies. @param mtu of the mirrored port */
export function mirrorCopySize(
  mirror: Pick<TapMirrorRecord, 'mirror_type' | 'remote_ip'>,
  mtu: number | null,
): CopySize {
  const { mirror_type: type, remote_ip: remote } = mirror;
  return sized(type, mtu, ethernet + ip(remote) + mirrorTransports[type].overhead);
}

const sized = (transport: CopySize['transport'], mtu: number | null, overhead: number): CopySize => ({
  transport,
  port_mtu: mtu,
  overhead,
  needs_mtu: mtu === null ? null : mtu + overhead,
});
