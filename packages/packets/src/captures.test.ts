import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CapturedFrame, CaptureError, decodeCapture, encodePcap, readCapture, writeCapture } from './index.js';

const frame = fc.record({
  timeNs: fc.bigInt({ min: 0n, max: 4_294_967_295_999_999_999n }),
  frame: fc.uint8Array({ minLength: 14, maxLength: 9000 }).map((bytes) => Uint8Array.from(bytes)),
});
const frames = fc.array(frame, { maxLength: 10 });

/** A classic pcap in either byte order, with microseconds or nanoseconds, made without the package's own writer. */
function classic(list: readonly CapturedFrame[], little: boolean, nanoseconds: boolean): Uint8Array {
  const parts = list.map((each) => {
    const record = new DataView(new ArrayBuffer(16));
    record.setUint32(0, Number(each.timeNs / 1_000_000_000n), little);
    record.setUint32(4, Number((each.timeNs % 1_000_000_000n) / (nanoseconds ? 1n : 1000n)), little);
    record.setUint32(8, each.frame.length, little);
    record.setUint32(12, each.frame.length, little);
    return Buffer.concat([new Uint8Array(record.buffer), each.frame]);
  });
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, little);
  header.setUint32(20, 1, little);
  return Buffer.concat([new Uint8Array(header.buffer), ...parts]);
}

function block(type: number, body: Uint8Array, little: boolean): Uint8Array {
  const padded = 4 * Math.ceil(body.length / 4);
  const view = new DataView(new ArrayBuffer(12 + padded));
  view.setUint32(0, type, little);
  view.setUint32(4, 12 + padded, little);
  new Uint8Array(view.buffer).set(body, 8);
  view.setUint32(8 + padded, 12 + padded, little);
  return new Uint8Array(view.buffer);
}

function words(little: boolean, ...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, index) => {
    view.setUint32(4 * index, value, little);
  });
  return new Uint8Array(view.buffer);
}

/** A pcapng with one Ethernet interface that counts nanoseconds. */
function nextGeneration(list: readonly CapturedFrame[], little: boolean): Uint8Array {
  const description = new DataView(new ArrayBuffer(20));
  description.setUint16(0, 1, little);
  description.setUint16(8, 9, little);
  description.setUint16(10, 1, little);
  description.setUint8(12, 9);
  const packets = list.map(({ timeNs, frame: bytes }) => {
    const [high, low] = [Number(timeNs >> 32n), Number(timeNs & 0xffffffffn)];
    return block(6, Buffer.concat([words(little, 0, high, low, bytes.length, bytes.length), bytes]), little);
  });
  return Buffer.concat([
    block(0x0a0d0d0a, words(little, 0x1a2b3c4d, 0x00010000, 0xffffffff, 0xffffffff), little),
    block(1, new Uint8Array(description.buffer), little),
    block(0xbad, words(little, 7), little),
    ...packets,
  ]);
}

/** Frames that a capture is made of: told apart by their last byte. */
const numbered = (n: number, length = 60) => {
  const bytes = new Uint8Array(length);
  bytes.set([2, 0xfe, 0, 0, 0, 1, 2, 0xfe, 0, 0, 0, 2, 0x88, 0xb5, 0, n]);
  return bytes;
};

const section = (little: boolean) =>
  block(0x0a0d0d0a, words(little, 0x1a2b3c4d, 0x00010000, 0xffffffff, 0xffffffff), little);
/** An interface of Ethernet that counts microseconds, with options. */
function description(little: boolean, options: Uint8Array = new Uint8Array()): Uint8Array {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint16(0, 1, little);
  return block(1, Buffer.concat([new Uint8Array(head.buffer), options]), little);
}
const halves = (little: boolean, ...values: number[]) => {
  const view = new DataView(new ArrayBuffer(2 * values.length));
  values.forEach((value, index) => {
    view.setUint16(2 * index, value, little);
  });
  return new Uint8Array(view.buffer);
};
const flags = (little: boolean, value: number) =>
  Buffer.concat([halves(little, 2, 4), words(little, value), words(little, 0)]);
const shown = (bytes: Uint8Array, told: string[] = []) =>
  decodeCapture(bytes, 'f', ({ offset, what }) => told.push(`${offset}: ${what}`)).map((each) => each.frame);

describe('what holds packets in a capture file', () => {
  it.each([true, false])('is read: enhanced, simple and older packet blocks (little endian: %s)', (little) => {
    const enhanced = (n: number) => block(6, Buffer.concat([words(little, 0, 0, 5, 60, 60), numbered(n)]), little);
    const older = (n: number) =>
      block(2, Buffer.concat([halves(little, 0, 0xffff), words(little, 0, 7, 60, 60), numbered(n)]), little);
    const simple = (n: number) => block(3, Buffer.concat([words(little, 60), numbered(n)]), little);
    const file = Buffer.concat([section(little), description(little), enhanced(1), older(2), simple(3), older(4)]);
    expect(shown(file)).toEqual([1, 2, 3, 4].map((n) => numbered(n)));
    expect(decodeCapture(file, 'f')[1]?.timeNs).toBe(7_000n);
  });

  it('is refused where its block is not known, and told of where only the maker of the file can say', () => {
    const head = Buffer.concat([section(true), description(true)]);
    const unknown = Buffer.concat([head, block(0x77, words(true, 1), true)]);
    expect(() => shown(unknown)).toThrow(`at byte ${head.length}: a block of type 0x77 is not known`);
    const told: string[] = [];
    const quiet = [4, 5, 9, 10].map((type) => block(type, words(true, 1), true));
    const doubtful = [0xbad, 0x40000bad, 0x80000001].map((type) => block(type, words(true, 1), true));
    expect(shown(Buffer.concat([head, ...quiet, ...doubtful]), told)).toEqual([]);
    const first = head.length + 4 * 16;
    expect(told).toEqual([
      `${first}: a custom block of 16 bytes`,
      `${first + 16}: a custom block of 16 bytes`,
      `${first + 32}: a block for local use (type 0x80000001) of 16 bytes`,
    ]);
  });

  const withLinkType = (word: number, list: readonly Uint8Array[], sizes?: readonly [number, number]) => {
    const bytes = Uint8Array.from(
      classic(
        list.map((each) => ({ timeNs: 0n, frame: each })),
        true,
        true,
      ),
    );
    const view = new DataView(bytes.buffer);
    view.setUint32(20, word, true);
    for (const [n, size] of (sizes ?? []).entries()) view.setUint32(32 + 4 * n, size, true);
    return bytes;
  };
  const checked = Buffer.concat([numbered(1), Uint8Array.of(0xde, 0xad, 0xbe, 0xef)]);

  it('is Ethernet whatever the bits above the link type say, without its frame check sequence', () => {
    expect(shown(withLinkType(0x04000001, [numbered(1)]))).toEqual([numbered(1)]);
    expect(shown(withLinkType(0x24000001, [checked]))).toEqual([numbered(1)]);
    // Without the bit that says so, the length means nothing.
    expect(shown(withLinkType(0x20000001, [checked]))).toEqual([Uint8Array.from(checked)]);
    // A snap length that has only cut off the check sequence has cut nothing of the frame.
    expect(shown(withLinkType(0x24000001, [numbered(1)], [60, 64]))).toEqual([numbered(1)]);
    expect(() => shown(withLinkType(0x24000001, [numbered(1)], [60, 65]))).toThrow('only 60 of');
    expect(() => shown(withLinkType(0x04000069, [numbered(1)]))).toThrow('link type 105 is not Ethernet');
  });

  it('loses its frame check sequence in pcapng too, as the interface or the packet says', () => {
    const packet = (options: Uint8Array) =>
      block(6, Buffer.concat([words(true, 0, 0, 5, 64, 64), checked, options]), true);
    for (const value of [4, 32]) {
      const fcs = Buffer.concat([halves(true, 13, 1), Uint8Array.of(value, 0, 0, 0), words(true, 0)]);
      expect(shown(Buffer.concat([section(true), description(true, fcs), packet(new Uint8Array())]))).toEqual([
        numbered(1),
      ]);
    }
    const plain = Buffer.concat([section(true), description(true)]);
    expect(shown(Buffer.concat([plain, packet(flags(true, 4 << 5))]))).toEqual([numbered(1)]);
    expect(shown(Buffer.concat([plain, packet(flags(true, 1))]))).toEqual([Uint8Array.from(checked)]);
  });

  it('ends with the length on the wire, however much is stored', () => {
    const padded = Buffer.concat([numbered(1), new Uint8Array(16)]);
    expect(shown(withLinkType(1, [padded], [76, 60]))).toEqual([numbered(1)]);
    expect(() => shown(withLinkType(1, [padded], [76, 0]))).toThrow(
      'at byte 32: 76 bytes are stored of a frame that had 0',
    );
    const block6 = block(6, Buffer.concat([words(true, 0, 0, 5, 76, 60), padded]), true);
    expect(shown(Buffer.concat([section(true), description(true), block6]))).toEqual([numbered(1)]);
  });
});

describe('capture files', () => {
  it('are read in either byte order, with microseconds or nanoseconds', () => {
    fc.assert(
      fc.property(frames, fc.boolean(), fc.boolean(), (list, little, nanoseconds) => {
        const rounded = nanoseconds
          ? list
          : list.map((each) => ({ ...each, timeNs: each.timeNs - (each.timeNs % 1000n) }));
        expect(decodeCapture(classic(list, little, nanoseconds), 'x')).toEqual(rounded);
      }),
      { numRuns: 40 },
    );
  });

  it('are read as pcapng in either byte order, blocks of other kinds skipped', () => {
    fc.assert(
      fc.property(frames, fc.boolean(), (list, little) => {
        expect(decodeCapture(nextGeneration(list, little), 'x')).toEqual(list);
      }),
      { numRuns: 40 },
    );
  });

  it('come back as they were written', () => {
    fc.assert(
      fc.property(frames, (list) => {
        expect(decodeCapture(encodePcap(list), 'x')).toEqual(list);
      }),
    );
  });

  it('cut short or changed anywhere give frames or a CaptureError with file and offset, nothing else', () => {
    const both = fc.record({ list: frames, next: fc.boolean() });
    fc.assert(
      fc.property(both, fc.nat(), fc.nat(255), fc.boolean(), ({ list, next }, place, value, cut) => {
        const whole = Uint8Array.from(next ? nextGeneration(list, true) : encodePcap(list));
        const at = place % whole.length;
        if (!cut) whole[at] = value;
        try {
          decodeCapture(cut ? whole.subarray(0, at) : whole, 'my.pcap');
        } catch (error) {
          if (!(error instanceof CaptureError)) throw error;
          expect(error.message).toMatch(/^my\.pcap: at byte \d+: /);
          expect(error.offset).toBeLessThanOrEqual(whole.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('say what is wrong, and where', () => {
    const one = [{ timeNs: 0n, frame: new Uint8Array(60) }];
    const good = Uint8Array.from(encodePcap(one));
    const problem = (bytes: Uint8Array) => {
      try {
        return decodeCapture(bytes, 'f').length;
      } catch (error) {
        return error instanceof CaptureError ? [error.offset, error.problem] : error;
      }
    };
    expect(problem(good)).toBe(1);
    expect(problem(new Uint8Array(0))).toEqual([0, 'the file is empty']);
    expect(problem(Buffer.from('not a capture'))).toEqual([0, 'neither a pcap nor a pcapng file']);
    expect(problem(good.subarray(0, 20))).toEqual([20, 'the file header is cut short (24 bytes expected)']);
    expect(problem(good.subarray(0, 30))).toEqual([24, 'a record header is cut short']);
    expect(problem(good.subarray(0, 70))).toEqual([32, 'a frame of 60 bytes is cut short: 30 bytes are left']);
    const wifi = Uint8Array.from(good);
    wifi[20] = 105;
    expect(problem(wifi)).toEqual([20, 'link type 105 is not Ethernet (1)']);
    const huge = Uint8Array.from(good);
    huge.set([0, 0, 0, 1, 0, 0, 0, 1], 32);
    expect(problem(huge)).toEqual([32, 'a frame of 16777216 bytes is larger than 262144']);
    const snapped = Uint8Array.from(good);
    snapped[36] = 61;
    expect(problem(snapped)).toEqual([
      32,
      "only 60 of a frame's 61 bytes were captured; capture again without a snap length",
    ]);
  });

  describe('on disk', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'packets-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it('are written and read, and refused when missing or larger than allowed', async () => {
      const file = join(folder, 'a.pcap');
      const one = [{ timeNs: 5n, frame: Uint8Array.from({ length: 60 }, (_, index) => index) }];
      await writeCapture(file, one);
      expect(await readCapture(file)).toEqual(one);
      await expect(readCapture(file, 50)).rejects.toThrow(/a\.pcap: at byte 50: the file has 100 bytes/);
      await truncate(file, 90);
      await expect(readCapture(file)).rejects.toThrow(CaptureError);
      await expect(readCapture(join(folder, 'b.pcap'))).rejects.toThrow(/b\.pcap: at byte 0: cannot be read/);
      await writeFile(file, '');
      await expect(readCapture(file)).rejects.toThrow('the file is empty');
    });
  });
});
