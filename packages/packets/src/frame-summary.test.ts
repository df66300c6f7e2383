import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipBytes } from './address.js';
import { arp, ethernet, icmpEcho, ip4Packet, tcp, udp } from './build.js';
import { frameSummary, summaryBytes } from './frame-summary.js';
import { sampleTraffic } from './sample-traffic.js';

const ends = { dst: '02:00:00:00:00:02', src: '02:00:00:00:00:01' };
const ip4 = { ...ends, srcIp: '10.0.0.1', dstIp: '10.0.0.2' };
const ip6 = { ...ends, srcIp: '2001:db8:0:0:1:0:0:5', dstIp: 'ff02::1' };
const summary = (frame: Uint8Array) => frameSummary(frame, frame.length);

/** A DNS message with one question. */
function question(name: string, type: number, flags = 0x0100): Uint8Array {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]);
  return Uint8Array.from([1, 2, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, type >> 8, type, 0, 1]);
}

describe('a frame in a line', () => {
  it('says what ARP asks', () => {
    const sides = { ...ends, senderIp: '10.0.0.1', targetIp: '10.0.0.2' };
    expect(summary(arp({ ...sides, op: 1 }))).toEqual({
      ...{ source: ends.src, destination: ends.dst, protocol: 'ARP', info: 'who has 10.0.0.2? tell 10.0.0.1' },
    });
    expect(summary(arp({ ...sides, op: 2 })).info).toBe(`10.0.0.1 is at ${ends.src}`);
  });

  it('says ends, ports, flags and bytes of TCP, however little was kept', () => {
    const frame = tcp({ ...ip4, payload: new Uint8Array(700), srcPort: 40_000, dstPort: 443 });
    const told = { source: '10.0.0.1', destination: '10.0.0.2', protocol: 'TCP' };
    expect(summary(frame)).toMatchObject({ ...told, info: expect.stringMatching(/^40000 → 443 \[.*\], 700 bytes$/) });
    expect(frameSummary(frame.subarray(0, 60), frame.length)).toEqual(summary(frame));
  });

  it('says what DNS is asked, and shows nothing that could be taken for something else', () => {
    const dns = (message: Uint8Array) => udp({ ...ip4, payload: message, srcPort: 5000, dstPort: 53 });
    expect(summary(dns(question('example.org', 28)))).toMatchObject({
      ...{ protocol: 'DNS', info: 'query AAAA example.org' },
    });
    expect(summary(dns(question('example.org', 1, 0x8180))).info).toBe('response A example.org');
    expect(summary(dns(question('a\u001b[2Jb', 1))).info).toBe('query A a\\027[2Jb');
    // Cut off, or no question: a datagram all the same.
    expect(summary(dns(question('example.org', 1).subarray(0, 20))).protocol).toBe('UDP');
  });

  it('says tags, and writes IPv6 as people do', () => {
    const tagged = udp({ ...ip6, tags: [{ vlan: 7 }], srcPort: 1, dstPort: 2 });
    expect(summary(tagged)).toEqual({
      ...{ source: '2001:db8::1:0:0:5', destination: 'ff02::1', protocol: 'UDP', info: 'VLAN 7, 1 → 2' },
    });
  });

  it('says the innermost that it knows', () => {
    expect(summary(icmpEcho(ip4))).toMatchObject({ protocol: 'ICMP', info: 'echo request' });
    expect(summary(ethernet(ends, 0x88cc, new Uint8Array(8)))).toMatchObject({ protocol: 'LLDP' });
    expect(summary(ethernet(ends, 0x1234, new Uint8Array(8)))).toMatchObject({ protocol: '0x1234' });
    const gre = ip4Packet(ipBytes('10.0.0.1'), ipBytes('10.0.0.2'), 47, 64, new Uint8Array(4));
    expect(summary(ethernet(ends, 0x0800, gre))).toMatchObject({ protocol: 'IPv4', info: 'protocol 47' });
    expect(frameSummary(new Uint8Array(5), 5).protocol).toBe('too short');
  });

  it('is a short plain text of whatever bytes, and the same of as many as it needs', () => {
    const frames = sampleTraffic({ vmMac: ends.src });
    const damaged = fc
      .tuple(fc.integer({ min: 0, max: frames.length - 1 }), fc.nat(200), fc.uint8Array({ maxLength: 64 }))
      .map(([which, at, bytes]) => {
        const frame = (frames[which]?.frame ?? new Uint8Array(60)).slice();
        frame.set(bytes.subarray(0, Math.max(0, frame.length - at)), Math.min(at, frame.length));
        return frame;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), damaged), (frame) => {
        const told = summary(frame);
        for (const text of Object.values(told)) {
          expect(text).toMatch(/^[\u0020-\u007e→]*$/);
          expect(text.length).toBeLessThan(1_200);
        }
        expect(frameSummary(frame.subarray(0, summaryBytes), frame.length)).toEqual(told);
      }),
      { numRuns: 500 },
    );
  });
});
