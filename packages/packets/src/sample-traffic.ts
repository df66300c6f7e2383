import { arp, icmpEcho, tcp, udp, type VlanTag } from './build.js';

const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** Whose traffic to make up, and how much of it. */
export interface SampleTrafficOptions {
  readonly vmMac: string;
  readonly vmIp?: string;
  readonly vmIp6?: string;
  readonly peerMac?: string;
  readonly peerIp?: string;
  readonly peerIp6?: string;
  /** How many times the whole mix is repeated, each time with new serial numbers; 1 unless told. */
  readonly rounds?: number;
  /** The first serial number, so that two lists of one test stay distinct; 0 unless told. */
  readonly firstSerial?: number;
  /** VLAN id of the tagged frames; 100 unless told. */
  readonly vlan?: number;
}

/** A made-up frame: what kind it is, and whether the VM sent it or was sent it. */
export interface SampleFrame {
  readonly kind: string;
  readonly sentByVm: boolean;
  readonly frame: Uint8Array;
}

interface Side {
  readonly mac: string;
  readonly ip: string;
  readonly ip6: string;
}

/**
 * A mixed conversation of a VM with one peer, the same for the same options: ARP, IPv4 and IPv6 with TCP, UDP and ICMP,
 * single- and double-tagged, broadcast, multicast and jumbo frames, in both directions. Every frame carries a serial
 * number, so no two are equal.
 * @throws AddressError for an address that is not one.
 */
export function sampleTraffic(options: SampleTrafficOptions): SampleFrame[] {
  const vm: Side = { mac: options.vmMac, ip: options.vmIp ?? '192.0.2.10', ip6: options.vmIp6 ?? '2001:db8::10' };
  const peer: Side = {
    mac: options.peerMac ?? '02:fe:00:00:00:02',
    ip: options.peerIp ?? '192.0.2.20',
    ip6: options.peerIp6 ?? '2001:db8::20',
  };
  const frames: SampleFrame[] = [];
  let serial = options.firstSerial ?? 0;
  for (let round = 0; round < (options.rounds ?? 1); round += 1) {
    for (const sentByVm of [true, false]) {
      const [from, to] = sentByVm ? [vm, peer] : [peer, vm];
      for (const [kind, build] of Object.entries(mix(from, to, options.vlan ?? 100))) {
        frames.push({ kind, sentByVm, frame: build(serial) });
        serial += 1;
      }
    }
  }
  return frames;
}

/** A payload of `size` bytes that starts with `serial` and continues in a pattern that shows a shifted byte. */
export function serialPayload(serial: number, size: number): Uint8Array {
  const payload = Uint8Array.from({ length: Math.max(4, size) }, (_, index) => (index + serial) & 0xff);
  new DataView(payload.buffer).setUint32(0, serial);
  return payload;
}

function mix(from: Side, to: Side, vlan: number): Record<string, (serial: number) => Uint8Array> {
  const v4 = { src: from.mac, dst: to.mac, srcIp: from.ip, dstIp: to.ip };
  const v6 = { src: from.mac, dst: to.mac, srcIp: from.ip6, dstIp: to.ip6 };
  const dns = { srcPort: 40_000, dstPort: 53 };
  const web = { srcPort: 40_001, dstPort: 443 };
  const tagged: VlanTag[] = [{ vlan }];
  const doubleTagged: VlanTag[] = [{ vlan, tpid: 0x88a8 }, { vlan: vlan + 1 }];
  const resolve = { src: from.mac, senderIp: from.ip, targetIp: to.ip };
  return {
    'arp request': (n) => arp({ ...resolve, dst: BROADCAST, op: 1, payload: serialPayload(n, 18) }),
    'arp reply': (n) => arp({ ...resolve, dst: to.mac, op: 2, targetMac: to.mac, payload: serialPayload(n, 18) }),
    'ipv4 udp': (n) => udp({ ...v4, ...dns, payload: serialPayload(n, 64) }),
    'ipv4 udp small': (n) => udp({ ...v4, ...dns, payload: serialPayload(n, 4) }),
    'ipv4 tcp': (n) => tcp({ ...v4, ...web, sequence: n, payload: serialPayload(n, 512) }),
    'ipv4 tcp full': (n) => tcp({ ...v4, ...web, sequence: n, payload: serialPayload(n, 1460) }),
    'ipv4 icmp': (n) => icmpEcho({ ...v4, sequence: n & 0xffff, payload: serialPayload(n, 56) }),
    'ipv6 udp': (n) => udp({ ...v6, ...dns, payload: serialPayload(n, 128) }),
    'ipv6 tcp': (n) => tcp({ ...v6, ...web, sequence: n, payload: serialPayload(n, 1000) }),
    'ipv6 icmp': (n) => icmpEcho({ ...v6, sequence: n & 0xffff, payload: serialPayload(n, 56) }),
    vlan: (n) => udp({ ...v4, ...dns, tags: tagged, payload: serialPayload(n, 100) }),
    'vlan arp': (n) => arp({ ...resolve, dst: BROADCAST, tags: tagged, op: 1, payload: serialPayload(n, 18) }),
    qinq: (n) => udp({ ...v4, ...dns, tags: doubleTagged, payload: serialPayload(n, 100) }),
    broadcast: (n) =>
      udp({
        ...v4,
        dst: BROADCAST,
        dstIp: '255.255.255.255',
        srcPort: 68,
        dstPort: 67,
        payload: serialPayload(n, 300),
      }),
    'ipv4 multicast': (n) =>
      udp({
        ...v4,
        dst: '01:00:5e:00:00:fb',
        dstIp: '224.0.0.251',
        srcPort: 5353,
        dstPort: 5353,
        payload: serialPayload(n, 90),
      }),
    'ipv6 multicast': (n) =>
      udp({
        ...v6,
        dst: '33:33:00:00:00:fb',
        dstIp: 'ff02::fb',
        srcPort: 5353,
        dstPort: 5353,
        payload: serialPayload(n, 90),
      }),
    // 14 bytes of Ethernet, 20 of IPv4 and 8 of UDP before the payload: 9,000 in all.
    'jumbo 9000': (n) => udp({ ...v4, ...dns, payload: serialPayload(n, 9000 - 42) }),
    'jumbo 4000': (n) => tcp({ ...v4, ...web, sequence: n, payload: serialPayload(n, 4000 - 54) }),
  };
}
