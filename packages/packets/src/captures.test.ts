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
