import { udp } from '@taas/packets';

/** A broadcast frame that no other number gives. */
export function distinctFrame(serial: number): Uint8Array {
  const payload = new Uint8Array(64);
  new DataView(payload.buffer).setUint32(0, serial);
  return udp({
    ...{ src: '02:aa:00:00:00:01', dst: 'ff:ff:ff:ff:ff:ff', srcIp: '192.0.2.1', dstIp: '192.0.2.255' },
    ...{ srcPort: 1000, dstPort: 2000, payload },
  });
}

/** The serial of a frame made by {@link distinctFrame}. */
export function serialOf(frame: Uint8Array): number {
  const ethernetIpUdp = 14 + 20 + 8;
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(ethernetIpUdp);
}
