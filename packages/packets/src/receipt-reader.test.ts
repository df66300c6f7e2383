import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Receipt, ReceiptReader, receiptFrame, udp } from './index.js';

const service = 'b5b4aa0a-8f1c-4b57-9c2e-8c7a5c2c9c11';
const [first, second] = ['7a3d3f0e-59f4-4e0b-8a4c-0c2b1d0e9f22', '9c2b3f0e-59f4-4e0b-8a4c-0c2b1d0e9f33'];
const nothing = { packets: 0n, bytes: 0n };

const copy = udp({
  ...{ src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02', srcIp: '192.0.2.1', dstIp: '192.0.2.2' },
  ...{ srcPort: 1, dstPort: 2 },
});

const frameOf = (receipt: Partial<Receipt> & Pick<Receipt, 'sequence' | 'sentAt'>, asked: bigint, countedAt: number) =>
  receiptFrame({
    ...{ service, sender: first, ...receipt },
    figures: { countedAt, asked, seen: { IN: nothing, OUT: nothing, BOTH: nothing }, filtered: 0n, thinned: 0n },
  });

/** Sources, a network that loses, and a server whose figures lag behind. */
class World {
  readonly reader = new ReceiptReader(service, 100);
  now = 1_000_000;
  sent = 0n;
  lost = 0n;
  counted = { at: 0, asked: 0n };
  #sequence = 0n;

  /** @param before copies that were asked for before anybody read */
  constructor(before = 0n) {
    this.sent = before;
  }

  copies(lost: readonly boolean[]): void {
    for (const isLost of lost) {
      this.sent += 1n;
      if (isLost) this.lost += 1n;
      else this.reader.take(copy);
    }
  }

  /** The figures of now are known to the server from here on. */
  count(): void {
    this.counted = { at: this.now, asked: this.sent };
  }

  receipt(sender = first): Uint8Array {
    this.#sequence += 1n;
    return frameOf({ sender, sequence: this.#sequence, sentAt: this.now }, this.counted.asked, this.counted.at);
  }

  /** Nothing is sent until the figures have caught up. */
  rest(sender = first): void {
    for (let round = 0; round < 3; round += 1) {
      this.now += 1_000;
      this.count();
      this.reader.take(this.receipt(sender));
    }
  }
}

const seconds = fc.array(
  fc.record({
    ...{ lost: fc.array(fc.boolean(), { maxLength: 20 }), counts: fc.boolean() },
    fate: fc.constantFrom('arrives', 'arrives', 'late', 'lost', 'twice'),
  }),
  { maxLength: 30 },
);

describe('a reader of receipts', () => {
  it('knows the loss to the frame when the sources pause, and bounds it meanwhile, whatever becomes of the receipts', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1_000_000n }), seconds, (before, story) => {
        const world = new World(before);
        const { reader } = world;
        world.rest();
        expect(reader.reading).toMatchObject({ expected: exactly(0n), missing: exactly(0n), surplus: 0n });
        const late: Uint8Array[] = [];
        for (const { lost, counts, fate } of story) {
          world.copies(lost);
          world.now += 1_000;
          if (counts) world.count();
          const receipt = world.receipt();
          if (fate !== 'lost' && fate !== 'late') reader.take(receipt);
          if (fate === 'twice') expect(reader.take(receipt)).toBe('other');
          if (fate === 'late') late.push(receipt);
          else for (const each of late.splice(0)) reader.take(each);
          const between = reader.reading?.missing ?? { least: 0n, most: 0n };
          expect(between.least).toBeLessThanOrEqual(world.lost);
        }
        world.rest();
        const asked = world.sent - before;
        expect(reader.reading).toMatchObject({
          ...{ expected: exactly(asked), seen: asked - world.lost, missing: exactly(world.lost), surplus: 0n },
        });
      }),
    );
  });

  it('bounds the loss of sources that never pause', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), { minLength: 8 }), (story) => {
        const world = new World(500n);
        const lostBy = new Map<number, bigint>();
        for (const lost of story) {
          world.copies(lost);
          world.now += 1_000;
          lostBy.set(world.now, world.lost);
          world.reader.take(world.receipt());
          world.now += 200;
          world.count();
        }
        const { reading } = world.reader;
        if (!reading) throw new Error('nothing was read');
        const lost = (lostBy.get(reading.until) ?? 0n) - (lostBy.get(reading.since) ?? 0n);
        expect(reading.missing.least).toBeLessThanOrEqual(lost);
        expect(reading.missing.most).toBeGreaterThanOrEqual(lost);
      }),
    );
  });

  it('begins anew with another sender, and keeps what it read of the one before', () => {
    const world = new World(50n);
    world.rest();
    world.copies([true, false, true]);
    world.rest();
    const before = world.reader.reading;
    expect(before).toMatchObject({ sender: first, seen: 1n, missing: exactly(2n) });
    const straggler = frameOf({ sender: first, sequence: 99n, sentAt: world.now + 9_000 }, 9_999n, world.now + 9_000);
    world.copies([true, true]);
    world.reader.take(world.receipt(second));
    expect(world.reader.reading).toBeNull();
    expect(world.reader.before).toEqual(before);
    expect(world.reader.take(straggler)).toBe('other');
    world.rest(second);
    world.copies([true, false]);
    world.rest(second);
    expect(world.reader.reading).toMatchObject({ sender: second, seen: 1n, missing: exactly(1n) });
    // What was lost just before it began may be of its time, as far as its first figures tell.
    expect(world.reader.before).toMatchObject({ sender: second, seen: 0n, missing: { least: 0n, most: 2n } });
  });

  it('says nothing before there are figures, nor of other tap services, and counts receipts that did not come', () => {
    const reader = new ReceiptReader(service, 100);
    const blank = { service, sender: first, sentAt: 1_000, figures: null };
    reader.take(receiptFrame({ ...blank, sequence: 1n }));
    expect(reader.reading).toBeNull();
    expect(reader.take(receiptFrame({ ...blank, service: second, sequence: 2n }))).toBe('other');
    reader.take(frameOf({ sequence: 5n, sentAt: 5_000 }, 3n, 4_000));
    expect(reader.reading).toBeNull();
    reader.take(frameOf({ sequence: 6n, sentAt: 6_000 }, 3n, 5_200));
    expect(reader.reading).toMatchObject({ missing: exactly(0n), receiptsMissing: 3n, since: 5_000, until: 5_000 });
  });

  it('says when more has come than was asked for', () => {
    const world = new World();
    world.rest();
    for (let n = 0; n < 5; n += 1) world.reader.take(copy);
    world.rest();
    expect(world.reader.reading).toMatchObject({ missing: exactly(0n), surplus: 5n, seen: 5n, expected: exactly(0n) });
  });
});

const exactly = (value: bigint) => ({ least: value, most: value });
