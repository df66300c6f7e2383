import { udp } from '@taas/packets';

/**
 * Where frames go, in turn: to all, to a group, and to an address that nobody sends from, so that every network floods it.
 * Copies of the last take another way to the collector than those of the others.
 */
const destinations = ['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:09', '02:aa:00:00:00:99'] as const;

const sender = Buffer.from([0x02, 0xaa, 0, 0, 0, 0x01]);

/** A frame that no other number gives, for everybody in its network. */
export function distinctFrame(serial: number): Uint8Array {
  const payload = new Uint8Array(64);
  new DataView(payload.buffer).setUint32(0, serial);
  return udp({
    ...{ src: '02:aa:00:00:00:01', dst: destinations[serial % destinations.length] ?? destinations[0] },
    ...{ srcIp: '192.0.2.1', dstIp: '192.0.2.255', srcPort: 1000, dstPort: 2000, payload },
  });
}

/** Whether it is a frame made by {@link distinctFrame}. */
export function isDistinctFrame(frame: Uint8Array): boolean {
  return frame.length === distinctFrame(0).length && Buffer.from(frame.subarray(6, 12)).equals(sender);
}

/** The serial of a frame made by {@link distinctFrame}. */
export function serialOf(frame: Uint8Array): number {
  const ethernetIpUdp = 14 + 20 + 8;
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(ethernetIpUdp);
}
