import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReceipt, parseFrame, parseReceipt, type Receipt, type ReceiptFigures, receiptFrame, udp } from './index.js';

const uuid = fc.uuid();
const count = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_fffen });
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
const amount = fc.record({ packets: count, bytes: fc.option(count) });
const figures: fc.Arbitrary<ReceiptFigures> = fc.record({
  ...{ countedAt: time, asked: count, filtered: count, thinned: count },
  seen: fc.record({ IN: amount, OUT: amount, BOTH: amount }),
});
const receipt: fc.Arbitrary<Receipt> = fc.record({
  ...{ service: uuid, sender: uuid, sequence: count, sentAt: time },
  figures: fc.option(figures),
});

describe('a receipt', () => {
  it('is read as it was written, also when something was put behind it', () => {
    fc.assert(
      fc.property(receipt, fc.uint8Array({ maxLength: 8 }), (given, more) => {
        const frame = receiptFrame(given);
        expect(parseReceipt(frame)).toEqual(given);
        expect(parseReceipt(Uint8Array.from([...frame, ...more]))).toEqual(given);
      }),
    );
  });

  it('is one frame of an EtherType for experiments, to a group, from no card', () => {
    const frame = receiptFrame({ ...example, figures: null });
    expect(parseFrame(frame)).toMatchObject({ ethertype: 0x88b5, tags: [] });
    expect((frame[0] ?? 0) & 3).toBe(3);
    expect((frame[6] ?? 0) & 3).toBe(2);
  });

  it('has each figure where docs/reference/receipts.md says', () => {
    const figures: ReceiptFigures = {
      ...{ countedAt: 70, asked: 78n, filtered: 134n, thinned: 142n },
      seen: {
        IN: { packets: 86n, bytes: 94n },
        OUT: { packets: 102n, bytes: 110n },
        BOTH: { packets: 118n, bytes: null },
      },
    };
    const frame = receiptFrame({ ...example, sequence: 54n, sentAt: 62, figures });
    expect(frame).toHaveLength(150);
    const view = new DataView(frame.buffer);
    for (const at of [54, 62, 70, 78, 86, 94, 102, 110, 118, 134, 142]) expect(view.getBigUint64(at)).toBe(BigInt(at));
    expect(view.getBigUint64(126)).toBe(0xffff_ffff_ffff_ffffn);
    const hex = (from: number, to: number) => Buffer.from(frame.subarray(from, to)).toString('hex');
    expect(hex(0, 22)).toBe('0374616173010274616173' + '0188b5' + '54414153' + '0101' + '0088');
    expect([hex(22, 38), hex(38, 54)]).toEqual([example.service, example.sender].map((id) => id.replaceAll('-', '')));
  });

  it('is not what is cut, of another version or another format; what is none is a copy', () => {
    const frame = receiptFrame({ ...example, figures: null });
    for (let end = 0; end < frame.length; end += 1) expect(parseReceipt(frame.subarray(0, end))).toBeNull();
    const later = frame.slice();
    later[14 + 4] = 2;
    expect([isReceipt(later), parseReceipt(later)]).toEqual([true, null]);
    for (const at of [0, 5, 6, 11, 12, 13, 14, 17]) {
      const other = frame.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      expect({ at, is: isReceipt(other) }).toEqual({ at, is: false });
    }
    const ends = { src: '02:74:61:61:73:01', dst: '03:74:61:61:73:01', srcIp: '192.0.2.1', dstIp: '192.0.2.2' };
    expect(isReceipt(udp({ ...ends, srcPort: 1, dstPort: 2 }))).toBe(false);
  });

  it('is looked for in whatever bytes, which may say anything', () => {
    const start = receiptFrame({ ...example, figures: null }).subarray(0, 18);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, isAlike) => {
        const frame = isAlike ? Uint8Array.from([...start, ...noise]) : noise;
        expect(isReceipt(frame)).toBe(isAlike && frame.length >= 22);
        expect(() => parseReceipt(frame)).not.toThrow();
      }),
    );
  });

  it('is not written of what does not fit', () => {
    expect(() => receiptFrame({ ...example, figures: null, service: 'none' })).toThrow(RangeError);
    expect(() => receiptFrame({ ...example, figures: null, sequence: 1n << 64n })).toThrow(RangeError);
  });
});

const example = {
  ...{ service: 'b5b4aa0a-8f1c-4b57-9c2e-8c7a5c2c9c11', sender: '7a3d3f0e-59f4-4e0b-8a4c-0c2b1d0e9f22' },
  ...{ sequence: 7n, sentAt: 1_700_000_000_000 },
};
