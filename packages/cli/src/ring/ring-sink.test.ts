import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@taas/service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ringOf } from '../commands/ring-option.js';
import { openSink } from '../host/sinks.js';
import { ringName } from './ring-names.js';
import { type RingOptions, RingSink } from './ring-sink.js';
import { blockTypes, WholeBlocks } from './whole-blocks.js';

function block(type: number, body: Uint8Array): Buffer {
  const length = 12 + Math.ceil(body.length / 4) * 4;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.set(body, 8);
  bytes.writeUInt32LE(length, length - 4);
  return bytes;
}

const section = block(blockTypes.section, Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex'));
const port = block(blockTypes.interface, Buffer.from('0100000000000000', 'hex'));
const head = [section, port, port];
function packet(n: number, length: number): Buffer {
  const body = Buffer.alloc(20 + length);
  body.writeUInt32LE(n % 2, 0);
  body.writeUInt32LE(n, 8);
  body.writeUInt32LE(length, 12);
  body.writeUInt32LE(length, 16);
  return block(blockTypes.packet, body);
}
const statistics = block(5, Buffer.alloc(12));

/** Files of a folder that is none, and a clock that the test sets. */
class Folder {
  readonly files = new Map<string, Buffer[]>();
  readonly removed: string[] = [];
  now = 0;
  readonly host = {
    clock: { ...systemClock, now: () => 1_700_000_000_000 + this.now, monotonic: () => this.now },
    files: {
      read: () => null,
      writePrivate: () => undefined,
      writeProgram: () => undefined,
      remove: (path: string) => void this.removed.push(path),
    },
    open: async (path: string) => {
      const written: Buffer[] = [];
      this.files.set(path, written);
      return {
        write: async (bytes: Uint8Array) => void written.push(Buffer.from(bytes)),
        close: async () => undefined,
      };
    },
  };

  /** What was written into each file, in order. */
  get contents(): readonly Buffer[] {
    return [...this.files.values()].map((parts) => Buffer.concat(parts));
  }
}

async function ring(options: RingOptions, chunks: readonly Uint8Array[], folder = new Folder()): Promise<Folder> {
  const sink = new RingSink(folder.host, '/captures/web.pcapng', options);
  for (const chunk of chunks) await sink.write(chunk);
  await sink.close();
  return folder;
}

/** The same bytes, in pieces as a network has them. */
function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? bytes.length;
    found.push(bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}

describe('a ring of files', () => {
  it('has each block once, in order, and its head in each file, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.integer({ min: 14, max: 600 })), { minLength: 1, maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }),
        fc.record({
          bytes: fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined }),
          packets: fc.integer({ min: 1, max: 9 }),
        }),
        async (given, sizes, { bytes, packets }) => {
          const blocks = given.map((length, n) => (length === null ? statistics : packet(n, length)));
          const whole = Buffer.concat([...head, ...blocks]);
          const options = { packets, ...(bytes === undefined ? {} : { bytes }) };
          const { contents } = await ring(options, pieces(whole, sizes));
          const start = Buffer.concat(head);
          const tails = contents.map((content) => {
            expect(content.subarray(0, start.length)).toEqual(start);
            return content.subarray(start.length);
          });
          expect(Buffer.concat(tails)).toEqual(Buffer.concat(blocks));
          for (const [n, tail] of tails.entries()) {
            const own = new WholeBlocks().take(tail);
            expect(own.filter(({ type }) => type === blockTypes.packet).length).toBeLessThanOrEqual(packets);
            // No file is begun before the one before it is full.
            const full = own.filter(({ type }) => type === blockTypes.packet).length === packets;
            const size = (contents[n]?.length ?? 0) >= (bytes ?? Number.POSITIVE_INFINITY);
            if (n < tails.length - 1) expect(full || size).toBe(true);
          }
        },
      ),
    );
  });

  it('keeps as many files as was said, and begins one when the time of the last is over', async () => {
    const folder = new Folder();
    const sink = new RingSink(folder.host, '/captures/web.pcapng', { ms: 1000, files: 2 });
    for (const each of head) await sink.write(each);
    for (let n = 0; n < 5; n += 1) {
      await sink.write(packet(n, 60));
      folder.now += 600;
    }
    await sink.close();
    const names = [...folder.files.keys()];
    expect(names.map((name) => /_(\d{5})_\d{14}\.pcapng$/.exec(name)?.[1])).toEqual(['00001', '00002', '00003']);
    expect(folder.removed).toEqual(names.slice(0, 1));
  });

  it('has one file with its head where nothing came, and none where there was no head', async () => {
    expect((await ring({ packets: 1 }, head)).contents).toEqual([Buffer.concat(head)]);
    expect((await ring({ packets: 1 }, [])).contents).toEqual([]);
  });

  it('is refused what is no capture, before its memory is', async () => {
    const huge = Buffer.alloc(8);
    huge.writeUInt32LE(0x7ffffffc, 4);
    for (const wrong of [huge, Buffer.from('0a0d0d0a00000000', 'hex'), Buffer.from('<html> not a capture')])
      await expect(ring({ packets: 1 }, [wrong])).rejects.toThrow(/no capture/);
  });

  it('is read by tshark, file by file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taas-ring-'));
    try {
      const { host } = new Folder();
      const sink = new RingSink({ ...host, open: openSink }, join(folder, 'web.pcapng'), { packets: 2 });
      for (const each of [...head, ...[1, 2, 3, 4, 5].map((n) => packet(n, 60))]) await sink.write(each);
      await sink.close();
      const counts = readdirSync(folder)
        .sort()
        .map((name) => execFileSync('tshark', ['-r', join(folder, name), '-T', 'fields', '-e', 'frame.interface_id']))
        .map((text) => text.toString().trim().split('\n').join(' '));
      expect(counts).toEqual(['1 0', '1 0', '1']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('the names of a ring are those of dumpcap', () => {
  const at = new Date(2026, 10, 30, 8, 5, 9).getTime();
  expect(ringName('/a.b/web.pcapng', 12, at)).toBe('/a.b/web_00012_20261130080509.pcapng');
  expect(ringName('/a.b/web', 100_000, at)).toBe('/a.b/web_100000_20261130080509');
  expect(ringName('.web', 1, at)).toBe('.web_00001_20261130080509');
});

it('a ring is said in the words of dumpcap', () => {
  expect(ringOf(['filesize:10', 'files:3', 'duration:60', 'packets:7'])).toEqual({
    ...{ bytes: 10_000, files: 3, ms: 60_000, packets: 7 },
  });
  for (const wrong of [['files:3'], ['filesize:0'], ['size:3'], ['packets:1e3'], ['duration:9999999999'], ['']])
    expect(() => ringOf(wrong)).toThrow(/-b/);
});
