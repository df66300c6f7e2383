import { arp, ethernet, ip4Packet, ip6Packet, ipBytes, tcp, udp } from '@taas/packets';
import { describe, expect, it } from 'vitest';
import { aclPacket } from './acl-packet.js';

// What a real VPP's ACLs let pass and drop, frame by frame.
const mac = { src: '02:00:00:00:00:01', dst: 'ff:ff:ff:ff:ff:ff' };
const datagram = { ...mac, srcIp: '10.0.0.1', dstIp: '10.0.0.2', srcPort: 1000, dstPort: 53 };
const seen = (frame: Uint8Array) => aclPacket(frame);

/** An IPv6 packet with one extension header before UDP's ports. */
function extended(header: number, second: number, third = 0): Uint8Array {
  const segment = new Uint8Array(40);
  segment.set([17, second, third >> 8, third & 0xff, 0, 0, 0, 0, 0x03, 0xe8, 0, 53]);
  return ethernet(mac, 0x86dd, ip6Packet(ipBytes('fd00::1'), ipBytes('fd00::2'), header, 64, segment));
}

describe('a frame as the ACL plugin sees it', () => {
  it('looks through two tags, the second only if it is 802.1Q', () => {
    const tagged = (...tags: { vlan: number; tpid?: number }[]) => seen(udp({ ...datagram, tags }));
    for (const tags of [[{ vlan: 1 }], [{ vlan: 1, tpid: 0x9200 }], [{ vlan: 1, tpid: 0x88a8 }, { vlan: 2 }]])
      expect(tagged(...tags).ip?.transport).toMatchObject({ srcPort: 1000, dstPort: 53 });
    expect(tagged({ vlan: 1 }, { vlan: 2 }, { vlan: 3 })).toEqual({ etherType: 0x8100 });
    expect(tagged({ vlan: 1 }, { vlan: 2, tpid: 0x88a8 })).toEqual({ etherType: 0x88a8 });
    const who = arp({ ...mac, op: 1, senderIp: '10.0.0.1', targetIp: '10.0.0.2', tags: [{ vlan: 1 }] });
    expect(seen(who)).toEqual({ etherType: 0x0806 });
  });

  it("finds no ports but TCP's and UDP's, and none in a later fragment or a header cut off", () => {
    const sctp = ip4Packet(ipBytes('10.0.0.1'), ipBytes('10.0.0.2'), 132, 64, Uint8Array.of(0, 5, 0, 6, 0, 0, 0, 0));
    expect(seen(ethernet(mac, 0x0800, sctp)).ip?.transport).toEqual({ srcPort: 0, dstPort: 0 });
    const later = udp({ ...datagram, payload: new Uint8Array(64) });
    later[21] = 8;
    expect(seen(later).ip).toMatchObject({ protocol: 17, laterFragment: true });
    expect(seen(tcp(datagram).subarray(0, 40)).ip?.transport).toBeUndefined();
    expect(seen(udp(datagram).subarray(0, 42)).ip?.transport).toMatchObject({ dstPort: 53 });
  });

  it("looks behind IPv6's extension headers", () => {
    for (const header of [0, 43, 60])
      expect(seen(extended(header, 0)).ip).toMatchObject({ protocol: 17, transport: { dstPort: 53 } });
    expect(seen(extended(44, 0)).ip).toMatchObject({ protocol: 17, transport: { dstPort: 53 } });
    expect(seen(extended(44, 0, 2 << 3)).ip).toMatchObject({ protocol: 17, laterFragment: true });
    expect(seen(extended(51, 0)).ip).toMatchObject({ protocol: 51, transport: { dstPort: 0 } });
  });
});
