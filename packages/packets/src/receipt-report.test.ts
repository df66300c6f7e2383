import { expect, it } from 'vitest';
import { receiptFrame, receiptReport, udp } from './index.js';

const service = 'b5b4aa0a-8f1c-4b57-9c2e-8c7a5c2c9c11';
const [first, second] = ['7a3d3f0e-59f4-4e0b-8a4c-0c2b1d0e9f22', '9c2b3f0e-59f4-4e0b-8a4c-0c2b1d0e9f33'];
const nothing = { packets: 0n, bytes: 0n };
const copy = udp({
  ...{ src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02', srcIp: '192.0.2.1', dstIp: '192.0.2.2' },
  ...{ srcPort: 1, dstPort: 2 },
});
const receipt = (sender: string, sequence: bigint, second: number, asked: bigint) =>
  receiptFrame({
    ...{ service, sender, sequence, sentAt: second * 1_000 },
    figures: {
      ...{ countedAt: second * 1_000 - 500, asked, filtered: 0n, thinned: 0n },
      seen: { IN: nothing, OUT: nothing, BOTH: nothing },
    },
  });
/** Two receipts with the same figures: those of the first one's time are known. */
const rest = (sender: string, sequence: bigint, second: number, asked: bigint) => [
  receipt(sender, sequence, second, asked),
  receipt(sender, sequence + 1n, second + 2, asked),
];

it('says what is missing of each sender, in a line each', () => {
  const frames = [
    ...[...rest(first, 1n, 10, 5n), copy, copy, ...rest(first, 4n, 20, 8n)],
    ...[...rest(second, 1n, 30, 0n), copy, ...rest(second, 3n, 40, 1n)],
  ];
  for (const named of [service, null])
    expect(receiptReport(frames, named)).toEqual({
      lines: [
        `tap service ${service}: from 1970-01-01T00:00:10.000Z to 1970-01-01T00:00:20.000Z expected 3, seen 2, missing 1; 1 receipts did not come`,
        `tap service ${service}: from 1970-01-01T00:00:30.000Z to 1970-01-01T00:00:40.000Z expected 1, seen 1, missing 0`,
      ],
      isComplete: false,
    });
  expect(receiptReport(frames.slice(-5), null).isComplete).toBe(true);
});

it('says what other traffic there is, and where it can say nothing', () => {
  const frames = [...rest(first, 1n, 10, 0n), copy, ...rest(first, 3n, 20, 0n)];
  expect(receiptReport(frames, service)).toMatchObject({
    lines: [expect.stringContaining('missing 0; at least 1 more than it should have been')],
    isComplete: false,
  });
  expect(receiptReport([copy], null)).toEqual({ lines: ['there is no receipt in it'], isComplete: false });
  expect(receiptReport(frames.slice(0, 1), null).lines).toEqual([
    expect.stringContaining('receipts come, but none yet'),
  ]);
});
