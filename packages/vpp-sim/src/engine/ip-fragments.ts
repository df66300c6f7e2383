import { internetChecksum } from '@taas/packets';

const ip4Header = 20;
const moreFragments = 0x2000;

/**
 * The IP packets that leave where none may be longer than `mtu` bytes: an IPv4 packet without options in fragments
 * (RFC 791), an IPv6 packet whole or not at all, since only its sender may cut it (RFC 8200).
 */
export function fitted(packet: Uint8Array, mtu: number): Uint8Array[] {
  if (packet.length <= mtu) return [packet];
  if (packet[0] !== 0x45) return [];
  const step = (mtu - ip4Header) & ~7;
  const fragments: Uint8Array[] = [];
  for (let at = ip4Header; at < packet.length; at += step) {
    const body = packet.subarray(at, at + step);
    const fragment = new Uint8Array(ip4Header + body.length);
    fragment.set(packet.subarray(0, ip4Header));
    fragment.set(body, ip4Header);
    const view = new DataView(fragment.buffer);
    view.setUint16(2, fragment.length);
    view.setUint16(6, ((at - ip4Header) >> 3) | (at + step < packet.length ? moreFragments : 0));
    view.setUint16(10, 0);
    view.setUint16(10, internetChecksum(fragment.subarray(0, ip4Header)));
    fragments.push(fragment);
  }
  return fragments;
}
