import { pcapngInterface, pcapngPacket, pcapngSection, tcp } from '@taas/packets';
import { expect, it } from 'vitest';
import { estimateText } from './estimate-text.js';
import { VerifyingSink } from './verifying-sink.js';

const ends = { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02', srcIp: '10.0.0.1', dstIp: '10.0.0.2' };
const data = (sequence: number) =>
  tcp({ ...ends, srcPort: 1, dstPort: 2, sequence, flags: 16, payload: new Uint8Array(100) });
const ack = (to: number) => {
  const back = { src: ends.dst, dst: ends.src, srcIp: ends.dstIp, dstIp: ends.srcIp };
  const frame = tcp({ ...back, srcPort: 2, dstPort: 1, flags: 16 });
  new DataView(frame.buffer).setUint32(42, to);
  return frame;
};

async function passed(frames: readonly (readonly [number, Uint8Array])[], piece: number) {
  const written: Uint8Array[] = [];
  const sink = new VerifyingSink({ write: async (bytes) => void written.push(bytes), close: async () => undefined });
  const whole = Buffer.concat([
    pcapngSection({ comment: '', application: '' }),
    ...['p OUT', 'p IN'].map((name) => pcapngInterface({ name, description: '', snapLength: 60 })),
    ...frames.map(([index, frame]) =>
      pcapngPacket({
        ...{ interface: index, timeNs: 0n, frame: frame.subarray(0, 60), length: frame.length },
        ...{ direction: 'inbound', dropped: 0n },
      }),
    ),
  ]);
  for (let at = 0; at < whole.length; at += piece) await sink.write(whole.subarray(at, at + piece));
  await sink.close();
  expect(Buffer.concat(written)).toEqual(whole);
  return sink.estimate();
}

it('a capture passes unchanged, in whatever pieces, and what TCP says is missing is estimated, also of cut frames', async () => {
  const frames = [
    [0, data(0)],
    [0, data(100)],
    [0, data(300)],
    [1, ack(400)],
  ] as const;
  for (const piece of [1, 7, 10_000]) {
    const estimate = await passed(frames, piece);
    expect(estimate).toMatchObject({ streams: 1, ackedBytes: 400, unseenBytes: 100, unseenSegments: 1 });
    expect(estimateText(estimate, false)).toBe(
      "estimate by TCP's acknowledgements: about 1 segments are missing, 100 bytes, 25.00 % (of 1 streams, 400 bytes were acknowledged)",
    );
  }
});

it('it says when there is nothing to tell by, nothing missing, or a filter', async () => {
  expect(estimateText(await passed([[0, data(0)]], 100), false)).toMatch(/: none, since of no connection/);
  const all = await passed(
    [
      [0, data(0)],
      [1, ack(100)],
    ],
    100,
  );
  expect(estimateText(all, true)).toBe(
    "estimate by TCP's acknowledgements: nothing is missing (of 1 streams, 100 bytes were acknowledged, in 1 segments); what the filter left out counts as missing",
  );
  expect(estimateText({ ...all, ackedBytes: 1e9, unseenBytes: 1, unseenSegments: 1 }, false)).toMatch(
    /less than 0\.01 %/,
  );
});
