import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BpfError,
  bpfTakes,
  type CapturedFrame,
  decodeCapture,
  encodePcap,
  icmpEcho,
  parseBpf,
  sampleTraffic,
  tcp,
  udp,
} from './index.js';

const accept = '1\n6 0 0 262144\n';

describe('a program', () => {
  it('takes what it returns another number than 0 for', () => {
    expect(bpfTakes(parseBpf(accept), new Uint8Array(14))).toBe(true);
    expect(bpfTakes(parseBpf('1\n6 0 0 0\n'), new Uint8Array(14))).toBe(false);
  });

  it('ends, and looks at nothing outside of the frame, whatever it says', () => {
    const codes = [
      0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xb1, 0x15, 0x25, 0x04, 0x34, 0x3c, 0x74, 0x94, 0x07, 0x87, 0x02,
    ];
    const instruction = fc.tuple(
      fc.constantFrom(...codes),
      fc.nat({ max: 3 }),
      fc.nat({ max: 3 }),
      fc.nat({ max: 70 }),
    );
    fc.assert(
      fc.property(fc.array(instruction, { maxLength: 12 }), fc.uint8Array({ maxLength: 64 }), (list, frame) => {
        const text = [list.length + 1, ...list.map((each) => each.join(' ')), '6 0 0 1'].join('\n');
        try {
          expect(bpfTakes(parseBpf(text), frame)).toBeTypeOf('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(BpfError);
        }
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no instructions', '0\n'],
    ['fewer than it says', '2\n6 0 0 1'],
    ['an unknown code', '2\n255 0 0 1\n6 0 0 1'],
    ['a jump out of itself', '2\n21 1 0 0\n6 0 0 1'],
    ['a jump out of itself without a condition', '2\n5 0 0 1\n6 0 0 1'],
    ['no return', '1\n0 0 0 1'],
    ['memory that there is not', '2\n2 0 0 16\n6 0 0 1'],
    ['words', '1\nret accept'],
    ['a negative number', '1\n6 0 0 -1'],
  ])('is refused with %s', (_what, text) => {
    expect(() => parseBpf(text)).toThrow(BpfError);
  });
});

const there = spawnSync('tcpdump', ['--version']).error === undefined;

// Reason to skip: no tcpdump on this machine (apt-get install tcpdump).
describe.skipIf(!there)('as tcpdump itself', () => {
  const macs = { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02' };
  const v4 = { ...macs, srcIp: '192.0.2.1', dstIp: '198.51.100.7' };
  const v6 = { ...macs, srcIp: '2001:db8::1', dstIp: '2001:db8::2' };
  const payload = new Uint8Array(200).fill(0x41);
  const tags = [{ id: 100 }, { id: 100, inner: 200 }];
  const ports = [
    { srcPort: 1000, dstPort: 53 },
    { srcPort: 443, dstPort: 40_000 },
  ];
  const made = [
    ...[v4, v6].flatMap((of) =>
      ports.flatMap((each) => [udp({ ...of, ...each, payload }), tcp({ ...of, ...each, payload })]),
    ),
    icmpEcho(v4),
    new Uint8Array(14),
    Uint8Array.of(...new Uint8Array(12), 0x08, 0x00, 0x45),
  ];
  // A tag between the addresses and the rest of the frame.
  const tagged = tags.flatMap(({ id, inner }) =>
    made.slice(0, 4).map((frame) => {
      const tag = (vlan: number) => [0x81, 0x00, vlan >> 8, vlan & 0xff];
      const both = [...tag(id), ...(inner === undefined ? [] : tag(inner))];
      return Uint8Array.of(...frame.subarray(0, 12), ...both, ...frame.subarray(12));
    }),
  );
  const sample = sampleTraffic({ vmMac: macs.src, peerMac: macs.dst, rounds: 2 }).map(({ frame }) => frame);
  const frames: CapturedFrame[] = [...made, ...tagged, ...sample].map((frame, n) => ({
    frame,
    timeNs: BigInt(n) * 1000n,
  }));

  it.each([
    ...['', 'tcp', 'udp port 53', 'ip6', 'arp', 'icmp', 'host 192.0.2.1', 'net 198.51.100.0/24 and not tcp'],
    ...['src host 2001:db8::1', 'ip6 proto 17', 'tcp portrange 400-500', 'greater 100', 'less 60', 'ether broadcast'],
    ...['ether src 02:00:00:00:00:01', 'vlan', 'vlan 100', 'vlan 100 and udp', 'vlan and vlan 200', 'multicast'],
    ...[
      'tcp[tcpflags] & (tcp-syn|tcp-ack) != 0',
      'ip[2:2] > 100',
      '(ip[0] & 0xf) * 4 = 20',
      'len / 3 > 20',
      'len % 2 = 0',
    ],
    ...['ether[12:2] ^ 0x0806 = 0', 'ip[8] << 2 > 100', 'ip[8] >> 1 < 100', 'not ip and not ip6', 'udp[8] = 0x41'],
  ])('takes what it takes by "%s"', (expression) => {
    const words = expression === '' ? [] : ['--', expression];
    const input = encodePcap(frames, 'us');
    const written = execFileSync('tcpdump', ['-r', '-', '-w', '-', ...words], {
      input,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const wanted = decodeCapture(written, 'of tcpdump').map(({ frame }) => frame);
    const program = parseBpf(execFileSync('tcpdump', ['-ddd', '-y', 'EN10MB', ...words], { encoding: 'utf8' }));
    expect(frames.filter(({ frame }) => bpfTakes(program, frame)).map(({ frame }) => frame)).toEqual(wanted);
  });
});
