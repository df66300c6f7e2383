import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AddressError,
  arp,
  compareFrames,
  ethernet,
  internetChecksum,
  ipBytes,
  ipText,
  macBytes,
  macText,
  onesComplementSum,
  parseFrame,
  sampleTraffic,
  tcp,
  udp,
  vxlanDecap,
  vxlanEncap,
} from './index.js';

const ends = { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02' };
const port = fc.integer({ min: 0, max: 65_535 });
const payload = fc.uint8Array({ maxLength: 9000 });

describe('frames', () => {
  it('are parsed as they were built, whatever the tags, the ports and the size', () => {
    const tag = fc.record({ vlan: fc.integer({ min: 0, max: 4095 }), priority: fc.nat(7) });
    const tags = fc.array(tag, { maxLength: 2 });
    fc.assert(
      fc.property(tags, port, port, payload, fc.boolean(), fc.boolean(), (vlans, srcPort, dstPort, data, v6, isTcp) => {
        const ips = v6 ? { srcIp: '2001:db8::1', dstIp: 'ff02::2' } : { srcIp: '192.0.2.1', dstIp: '10.0.0.255' };
        const frame = (isTcp ? tcp : udp)({ ...ends, ...ips, tags: vlans, srcPort, dstPort, payload: data });
        const parsed = parseFrame(frame);
        expect(parsed?.tags.map(({ vlan, priority }) => ({ vlan, priority }))).toEqual(vlans);
        expect([macText(frame, 0), macText(frame, 6)]).toEqual([ends.dst, ends.src]);
        expect(parsed?.ip).toMatchObject({ version: v6 ? 6 : 4, protocol: isTcp ? 6 : 17, srcPort, dstPort });
        expect(ipText(parsed?.ip?.dst ?? new Uint8Array(4))).toBe(v6 ? 'ff02:0:0:0:0:0:0:2' : '10.0.0.255');
      }),
    );
  });

  it('have checksums that add up to all ones', () => {
    fc.assert(
      fc.property(payload, fc.boolean(), (data, v6) => {
        const ips = v6 ? { srcIp: 'fd00::1', dstIp: 'fd00::2' } : { srcIp: '192.0.2.1', dstIp: '192.0.2.2' };
        const frame = udp({ ...ends, ...ips, srcPort: 1, dstPort: 2, payload: data });
        const ip = parseFrame(frame)?.ip;
        if (ip === undefined) throw new Error('an IP packet was built');
        const segment = frame.subarray(ip.transportOffset, ip.transportOffset + 8 + data.length);
        const pseudo = onesComplementSum(ip.src) + onesComplementSum(ip.dst) + 17 + segment.length;
        expect(onesComplementSum(segment, pseudo)).toBe(0xffff);
        if (!v6) expect(internetChecksum(frame.subarray(14, 34))).toBe(0);
      }),
    );
  });

  it('a short or a cut frame is looked into as far as it goes, never beyond', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(200), (noise, cut) => {
        const frame = tcp({ ...ends, srcIp: 'fd00::1', dstIp: 'fd00::2', srcPort: 1, dstPort: 2, tags: [{ vlan: 5 }] });
        parseFrame(noise);
        vxlanDecap(noise);
        expect(parseFrame(frame.subarray(0, cut))?.ip?.srcPort).toBe(cut >= 14 + 4 + 40 + 14 ? 1 : undefined);
      }),
    );
  });

  it('refuse addresses that are none', () => {
    expect(() => macBytes('02:00:00:00:00')).toThrow(AddressError);
    for (const text of ['1.2.3', '1.2.3.256', 'fd00::1::2', ':::', '1:2:3:4:5:6:7', 'g::1', ''])
      expect(() => ipBytes(text), text).toThrow(AddressError);
    expect(ipText(ipBytes('::'))).toBe('0:0:0:0:0:0:0:0');
    expect(() => arp({ ...ends, op: 1, senderIp: '1.2.3.4', targetIp: 'x' })).toThrow('"x"');
    expect(() => ethernet({ ...ends, tags: [{ vlan: 4096 }] }, 0x0800, new Uint8Array(0))).toThrow(RangeError);
  });

  it('come out of VXLAN as they went in', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 14, maxLength: 9000 }),
        fc.nat(0xffffff),
        fc.boolean(),
        (inner, vni, v6) => {
          const [src, dst] = v6 ? [ipBytes('fd00::1'), ipBytes('fd00::2')] : [ipBytes('10.0.0.1'), ipBytes('10.0.0.2')];
          const outer = { srcMac: ends.src, dstMac: ends.dst, src, dst, srcPort: 50_000, dstPort: 4789, vni };
          const packet = vxlanDecap(vxlanEncap(outer, inner));
          expect(packet).toMatchObject({ vni, srcPort: 50_000, dstPort: 4789 });
          expect(Buffer.compare(packet?.inner ?? new Uint8Array(0), inner)).toBe(0);
        },
      ),
    );
  });
});

describe('the sample traffic', () => {
  const traffic = sampleTraffic({ vmMac: ends.src, rounds: 3 });

  it('is the same every time, and no two of its frames are equal', () => {
    expect(sampleTraffic({ vmMac: ends.src, rounds: 3 })).toEqual(traffic);
    expect(new Set(traffic.map(({ frame }) => Buffer.from(frame).toString('hex'))).size).toBe(traffic.length);
  });

  it('says truly who sent what, and has every kind', () => {
    for (const { frame, sentByVm } of traffic) expect(macText(frame, 6) === ends.src).toBe(sentByVm);
    const sizes = traffic.map(({ frame }) => frame.length);
    expect(Math.max(...sizes)).toBe(9000);
    expect(traffic.some(({ frame }) => macText(frame) === 'ff:ff:ff:ff:ff:ff')).toBe(true);
    expect(traffic.some(({ frame }) => parseFrame(frame)?.tags.length === 2)).toBe(true);
  });
});

describe('compareFrames', () => {
  it('finds exactly what was taken out, put in twice, and put in from elsewhere', () => {
    const frames = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 20 }), {
      minLength: 5,
      maxLength: 30,
      selector: (frame) => Buffer.from(frame).toString('hex'),
    });
    fc.assert(
      fc.property(frames, fc.nat(), fc.nat(), (all, a, b) => {
        const [foreign, ...expected] = all;
        if (foreign === undefined) return;
        const lost = expected[a % expected.length];
        const kept = expected.filter((frame) => frame !== lost);
        const twice = kept[b % kept.length];
        if (lost === undefined || twice === undefined) return;
        const result = compareFrames(expected, [foreign, twice, ...kept.reverse()]);
        expect(result).toEqual({ matched: kept.length, lost: [lost], duplicated: [twice], foreign: [foreign] });
      }),
    );
  });
});
