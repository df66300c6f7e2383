import type { Frame } from '@taas/lab';

/** A frame that a tap mirror has sent outside, out of its tunnel. */
export interface MirroredFrame {
  readonly type: 'gre' | 'erspanv1';
  /** GRE's key, or ERSPAN's session. */
  readonly id: number;
  readonly inner: Frame;
}

const ethernet = 14;
const greProtocol = 47;
const protocols = { ethernetInGre: 0x6558, erspan: 0x88be } as const;
const flags = { checksum: 0x8000, key: 0x2000, sequence: 0x1000 } as const;

/**
 * Takes a tunnel over IPv4 off (RFC 2784 and 2890; ERSPAN type II, draft-foschiano-erspan). tshark says the same, which the scenarios
 * of mirrors check; this one is for frames by the thousand.
 * @returns null for what is no such packet, or a fragment of one
 */
export function mirroredFrame(packet: Frame): MirroredFrame | null {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  if (packet.length < ethernet + 20 || view.getUint16(12) !== 0x0800) return null;
  const isFragment = (view.getUint16(ethernet + 6) & 0x3fff) !== 0;
  if (packet[ethernet + 9] !== greProtocol || isFragment) return null;
  const gre = ethernet + (view.getUint8(ethernet) & 0xf) * 4;
  const [given, protocol] = [view.getUint16(gre), view.getUint16(gre + 2)];
  const length = (flag: number): number => ((given & flag) === 0 ? 0 : 4);
  const key = gre + 4 + length(flags.checksum);
  const payload = key + length(flags.key) + length(flags.sequence);
  if (protocol === protocols.ethernetInGre) {
    const id = length(flags.key) === 0 ? 0 : view.getUint32(key);
    return { type: 'gre', id, inner: packet.subarray(payload) };
  }
  if (protocol !== protocols.erspan) return null;
  return { type: 'erspanv1', id: view.getUint16(payload + 2) & 0x3ff, inner: packet.subarray(payload + 8) };
}
