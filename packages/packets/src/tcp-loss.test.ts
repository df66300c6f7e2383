import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckedUnseen } from './acked-unseen.js';
import { tcp } from './build.js';
import { TcpLoss } from './tcp-loss.js';
import { TCP_FLAG } from './tcp-segment.js';

const [a, b] = [
  { ip: '10.0.0.1', port: 40_000, mac: '02:00:00:00:00:01' },
  { ip: '10.0.0.2', port: 443, mac: '02:00:00:00:00:02' },
];
interface Sent {
  readonly seq: number;
  readonly ack?: number;
  readonly flags?: number;
  readonly bytes?: number;
  readonly back?: boolean;
  readonly port?: number;
}
function segment({ seq, ack = 0, flags = TCP_FLAG.ack, bytes = 0, back = false, port = a.port }: Sent): Uint8Array {
  const [from, to] = back ? [b, { ...a, port }] : [{ ...a, port }, b];
  const frame = tcp({
    ...{ src: from.mac, dst: to.mac, srcIp: from.ip, dstIp: to.ip, srcPort: from.port, dstPort: to.port },
    ...{ sequence: seq >>> 0, flags, payload: new Uint8Array(bytes) },
  });
  new DataView(frame.buffer).setUint32(14 + 20 + 8, ack >>> 0);
  return frame;
}
const estimate = (all: readonly Sent[]) => {
  const loss = new TcpLoss();
  for (const each of all) loss.take('p', segment(each));
  return loss.estimate();
};

/** A stream of bytes: its segments, and where it begins, near the point at which numbers go round. */
const stream = fc.record({
  start: fc.oneof(fc.constant(0), fc.constant(2 ** 32 - 500), fc.nat(2 ** 32 - 1)),
  lengths: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 30 }),
});
const pieces = ({ start, lengths }: { readonly start: number; readonly lengths: readonly number[] }) => {
  let at = start;
  return lengths.map((bytes) => {
    const seq = at;
    at += bytes;
    return { seq, bytes };
  });
};

describe('what was acknowledged and not seen', () => {
  it('is what is missing behind the first segment, whatever the order, and however often something comes', () => {
    fc.assert(
      fc.property(stream, fc.infiniteStream(fc.boolean()), fc.infiniteStream(fc.nat()), (given, lost, order) => {
        const all = pieces(given);
        const seen = all.filter((_, at) => at === 0 || !lost.next().value);
        const missing = all.filter((each) => !seen.includes(each));
        // Each comes once more, and they come in any order behind the first.
        const [first, ...rest] = seen;
        const shuffled = [...rest, ...rest]
          .map((each) => ({ each, key: order.next().value }))
          .sort((x, y) => x.key - y.key)
          .map(({ each }) => each);
        const last = given.start + given.lengths.reduce((sum, bytes) => sum + bytes, 0);
        const back = { seq: 7, ack: last, back: true };
        const told = estimate([...(first ? [first] : []), ...shuffled, back]);
        expect(told.ackedBytes).toBe(last - given.start);
        expect(told.unseenBytes).toBe(missing.reduce((sum, { bytes }) => sum + bytes, 0));
        if (missing.length === 0) expect(told.unseenSegments).toBe(0);
        else expect(told.unseenSegments).toBeGreaterThan(0);
      }),
    );
  });

  it('is nothing that was not acknowledged, and nothing that an acknowledgement came before', () => {
    fc.assert(
      fc.property(stream, fc.nat(30), (given, upTo) => {
        const all = pieces(given);
        const told = all.slice(0, upTo + 1);
        const end = told.reduce((at, { seq, bytes }) => Math.max(at, seq + bytes), given.start);
        const first = all.slice(0, 1);
        // Of all behind the acknowledged ones nothing is said, and of those the acknowledgement comes first.
        const loss = estimate([...first, { seq: 7, ack: end, back: true }, ...told.slice(1), ...all.slice(upTo + 3)]);
        expect(loss).toMatchObject({ unseenBytes: 0, unseenSegments: 0, ackedBytes: end - given.start });
      }),
    );
  });

  it('is estimated in segments by how long those are that were seen', () => {
    const seen = Array.from({ length: 90 }, (_, n) => ({ seq: n * 1_000, bytes: 1_000 }));
    const missing = seen.filter((_, n) => n < 20 || n >= 30);
    expect(estimate([...missing, { seq: 0, ack: 90_000, back: true }])).toEqual({
      ...{ streams: 1, ackedBytes: 90_000, unseenBytes: 10_000, unseenSegments: 10, seenSegments: 80 },
    });
  });

  it('counts a connection from its SYN to its FIN', () => {
    const { syn, fin, ack } = TCP_FLAG;
    const begin = [
      { seq: 100, flags: syn },
      { seq: 900, ack: 101, flags: syn | ack, back: true },
      { seq: 101, ack: 901, bytes: 50 },
    ];
    const ended = { seq: 901, ack: 152, back: true };
    expect(estimate([...begin, { seq: 151, flags: fin | ack }, ended])).toMatchObject({ streams: 2, unseenBytes: 0 });
    expect(estimate([...begin, ended])).toMatchObject({ unseenBytes: 1, unseenSegments: 1 });
  });

  it('is told of another connection with the same ends, of two ports and of one direction alone', () => {
    const far = 2 ** 31 + 5;
    const one = [
      { seq: 0, bytes: 10 },
      { seq: 9, ack: 20, back: true },
    ];
    const other = [
      { seq: far, bytes: 10 },
      { seq: 9, ack: far + 10, back: true },
    ];
    expect(estimate([...one, ...other])).toMatchObject({ unseenBytes: 10, ackedBytes: 30 });
    expect(
      estimate([
        { seq: 0, bytes: 10 },
        { seq: 500, bytes: 10 },
      ]),
    ).toMatchObject({ streams: 0, unseenBytes: 0 });
    expect(estimate([{ seq: 9, ack: 2_000, back: true }])).toMatchObject({ streams: 0 });
    const loss = new TcpLoss();
    loss.take('p', segment({ seq: 0, bytes: 10 }));
    loss.take('q', segment({ seq: 10, bytes: 10 }));
    loss.take('p', segment({ seq: 0, ack: 20, back: true }));
    expect(loss.estimate()).toMatchObject({ unseenBytes: 10 });
  });

  it('is nothing of what a reset says', () => {
    const reset = { seq: 0, ack: 5_000, flags: TCP_FLAG.rst | TCP_FLAG.ack, back: true };
    expect(estimate([{ seq: 0, bytes: 10 }, reset])).toMatchObject({ unseenBytes: 0 });
  });

  it('takes no new connection of the same ends for lost bytes, however near its numbers are', () => {
    const connection = (seq: number): Sent[] => [
      { seq, flags: TCP_FLAG.syn },
      { seq: seq + 1, bytes: 100 },
      { seq: 0, ack: seq + 101, back: true },
    ];
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.integer({ min: 1_000, max: 2 ** 30 }), (seq, further) => {
        const said = estimate([...connection(seq), ...connection(seq + further)]);
        expect(said).toMatchObject({ streams: 2, unseenBytes: 0 });
      }),
    );
  });

  it('takes whatever bytes, and so much memory', () => {
    const loss = new TcpLoss();
    for (let n = 0; n < 20_000; n++) {
      loss.take('p', segment({ seq: 0, bytes: 10, port: n }));
      loss.take('p', segment({ seq: 0, ack: 30, port: n, back: true }));
    }
    expect(loss.estimate()).toMatchObject({ streams: 20_000, unseenBytes: 400_000 });
    const one = new AckedUnseen();
    for (let n = 0; n < 1_000; n++) one.saw(n * 20, 10);
    one.acknowledged(20_000);
    // Acknowledged long after: of most holes only the sum is kept, and nothing of it is lost.
    expect(one.count()).toEqual({ acked: 20_000, unseen: 10_000, holes: 1_000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => loss.take('p', bytes)));
  });
});
