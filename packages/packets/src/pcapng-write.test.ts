import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeCapture,
  type PcapngDirection,
  type PcapngPacket,
  pcapngContents,
  pcapngInterface,
  pcapngPacket,
  pcapngSection,
  pcapngStatistics,
} from './index.js';

const interfaces = [
  { name: 'port-a OUT', description: 'what port-a sends', snapLength: 0 },
  { name: 'port-a IN', description: 'was dem Port zukommt: grün', snapLength: 0 },
];
const section = pcapngSection({ comment: 'asked for by alice', application: 'taas-server' });
const fileOf = (packets: readonly PcapngPacket[]) =>
  Buffer.concat([section, ...interfaces.map(pcapngInterface), ...packets.map(pcapngPacket)]);

const packet = fc.record({
  interface: fc.nat({ max: 1 }),
  timeNs: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  frame: fc.uint8Array({ minLength: 14, maxLength: 1600 }).map((bytes) => Uint8Array.from(bytes)),
  direction: fc.constantFrom<PcapngDirection>('inbound', 'outbound'),
  dropped: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
});

describe('a pcapng file', () => {
  it('has every frame with its time, whatever its length', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), (given) => {
        const packets = given.map((each) => ({ ...each, length: each.frame.length }));
        const read = decodeCapture(fileOf(packets), 'written');
        expect(read).toEqual(packets.map(({ timeNs, frame }) => ({ timeNs, frame })));
        const said = pcapngContents(fileOf(packets), 'written').packets;
        expect(said.map(({ direction, dropped }) => ({ direction, dropped }))).toEqual(
          packets.map(({ direction, dropped }) => ({ direction, dropped })),
        );
      }),
    );
  });

  it('can have statistics between its packets', () => {
    const one = { interface: 0, timeNs: 5n, frame: new Uint8Array(15), length: 15, direction: 'inbound' } as const;
    const counted = { interface: 1, timeNs: 6n, startNs: 1n, received: 3n, dropped: 1n, delivered: 2n };
    const bytes = Buffer.concat([
      fileOf([{ ...one, dropped: 0n }]),
      pcapngStatistics(counted),
      pcapngPacket({ ...one, dropped: 2n }),
    ]);
    expect(decodeCapture(bytes, 'written')).toHaveLength(2);
    const { comment, interfaces: named, packets, statistics } = pcapngContents(bytes, 'written');
    expect(comment).toBe('asked for by alice');
    expect(named).toEqual(interfaces.map(({ name, description }) => ({ name, description })));
    expect(packets.map(({ dropped }) => dropped)).toEqual([0n, 2n]);
    expect(statistics).toEqual([{ interface: 'port-a IN', received: 3n, dropped: 1n, delivered: 2n }]);
  });

  it('refuses a text that the format has no room for', () => {
    expect(() => pcapngSection({ comment: 'x'.repeat(65_536), application: '' })).toThrow(RangeError);
  });
});

const there = spawnSync('tshark', ['--version']).error === undefined;

// Reason to skip: no tshark on this machine (apt-get install tshark).
describe.skipIf(!there)('read by Wireshark', () => {
  const directory = mkdtempSync(join(tmpdir(), 'taas-pcapng-'));
  const file = join(directory, 'written.pcapng');
  afterAll(() => rmSync(directory, { recursive: true }));
  beforeAll(() => {
    const start = 1_700_000_000_000_000_001n;
    const packets: PcapngPacket[] = [
      { interface: 0, timeNs: start, frame: new Uint8Array(61), length: 61, direction: 'outbound', dropped: 0n },
      { interface: 1, timeNs: start + 1n, frame: new Uint8Array(64), length: 1500, direction: 'inbound', dropped: 7n },
    ];
    const counted = { timeNs: start + 2n, startNs: start, endNs: start + 2n };
    const statistics = [
      { ...counted, interface: 0, received: 1n, dropped: 0n, delivered: 1n },
      { ...counted, interface: 1, received: 8n, dropped: 7n, delivered: 1n },
    ];
    writeFileSync(file, Buffer.concat([fileOf(packets), ...statistics.map(pcapngStatistics)]));
  });

  const tshark = (...names: string[]) => {
    const fields = names.flatMap((name) => ['-e', name]);
    const output = execFileSync('tshark', ['-r', file, '-T', 'fields', ...fields], { encoding: 'utf8' });
    return output.trimEnd().split('\n');
  };

  it('has names, directions, lengths, times and losses', () => {
    const shown = tshark(
      ...['frame.interface_name', 'frame.interface_description', 'frame.packet_flags_direction'],
      ...['frame.len', 'frame.cap_len', 'frame.time_epoch', 'frame.drop_count'],
    );
    expect(shown.map((line) => line.split('\t'))).toEqual([
      ['port-a OUT', 'what port-a sends', '0x00000002', '61', '61', '1700000000.000000001', ''],
      ['port-a IN', 'was dem Port zukommt: grün', '0x00000001', '1500', '64', '1700000000.000000002', '7'],
    ]);
  });

  it('has its comment, its program and what was counted', () => {
    const shown = execFileSync('capinfos', [file], { encoding: 'utf8' });
    expect(shown).toContain('asked for by alice');
    expect(shown).toContain('taas-server');
    expect(shown).toMatch(/Number of packets: +2/);
    expect(shown.match(/Number of stat entries = 1/g)).toHaveLength(2);
  });
});
