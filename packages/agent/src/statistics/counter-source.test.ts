import { silentLogger, systemClock } from '@taas/service';
import { createSnapshot } from '@taas/wiring';
import { beforeEach, expect, it } from 'vitest';
import { VppStatsError } from 'vpp-api';
import { MadeSegment } from '../../../vpp-api/src/testing/made-segment.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import { CounterSource } from './counter-source.js';

const shown = `Name Idx State MTU Counter Count
port0                             1      up          9000/0/0/0     rx packets                     5
`;
let asked: string[];
// Safe: nobody asks it for more.
const vpp = {
  has: () => true,
  request: async (name: string, { cmd = '' }: { cmd?: string }) => {
    if (name === 'control_ping') return { vpe_pid: 77 };
    asked.push(cmd);
    return { reply: shown };
  },
} as unknown as Vpp;

let warnings: unknown[];
let time: number;
let bytes: () => MadeSegment;

function source() {
  const snapshot = createSnapshot();
  const common = { supIndex: 1, subId: 0, vlan: null, adminUp: true, linkUp: true, mac: '', rewrite: 0 } as const;
  snapshot.interfaces.put(1, { index: 1, name: 'port0', tag: 'net-vpp.port:x', ...common });
  const clock = { ...systemClock, monotonic: () => time, sleep: async () => undefined };
  const logger = { ...silentLogger, warn: (fields: object) => warnings.push(fields) };
  return new CounterSource({ snapshot, procDirectory: '/nowhere', clock, logger, open: async () => bytes() });
}

function made(name = 'port0', packets = 7n): MadeSegment {
  const segment = new MadeSegment();
  const none = { simple: [[0n, 0n]] };
  segment.lay([
    ['/if/names', { names: ['local0', name] }],
    [
      '/if/rx',
      {
        combined: [
          [
            [0n, 0n],
            [packets, 700n],
          ],
        ],
      },
    ],
    [
      '/if/tx',
      {
        combined: [
          [
            [0n, 0n],
            [0n, 0n],
          ],
        ],
      },
    ],
    ['/if/drops', none],
    ['/if/tx-error', none],
    ['/sys/last_stats_clear', { scalar: 3n }],
    ['/buffer-pools/default-numa-0/available', { scalar: 16n }],
  ]);
  return segment;
}

const read = async (of: CounterSource) => (await of.read(vpp, { interfaces: [1], policers: false })).counted(1);

beforeEach(() => {
  [asked, warnings, time] = [[], [], 0];
  bytes = () => made();
});

it('reads the segment of the VPP that answers, and asks VPP for nothing else', async () => {
  const counters = source();
  expect(await read(counters)).toMatchObject({ rxPackets: 7n, rxBytes: 700n, drops: 0n });
  expect([counters.way, counters.problem, counters.gauges.buffersAvailable, asked]).toEqual(['segment', null, 16, []]);
});

it.each<[string, () => MadeSegment]>([
  ["another VPP's", () => made('port1')],
  [
    'of another version',
    () => {
      const segment = made();
      segment.memory.writeBigUInt64LE(9n, 0);
      return segment;
    },
  ],
  [
    'of nobody',
    () => {
      throw new VppStatsError('unreachable', 'there is no such process');
    },
  ],
  ['cut off', () => Object.assign(made(), { size: 4096 })],
  [
    'garbled',
    () => {
      const segment = made();
      segment.memory.fill(0xff, 4096);
      return segment;
    },
  ],
  ['never at rest', () => Object.assign(made(), { inProgress: true })],
])('goes on by the command line where the segment is %s, says so once, and tries again later', async (_, segment) => {
  bytes = segment;
  const counters = source();
  for (let n = 0; n < 3; n++) expect(await read(counters)).toMatchObject({ rxPackets: 5n });
  expect([counters.way, asked.length, warnings.length]).toEqual(['command_line', 3, 1]);
  expect(counters.failures).toBeGreaterThan(0);
  bytes = () => made();
  time += 30_000;
  expect(await read(counters)).toMatchObject({ rxPackets: 7n });
  expect(counters.way).toBe('segment');
});

it('reads nothing of a VPP that was cleared in between, nor of one that has gone', async () => {
  const counters = source();
  const first = made();
  bytes = () => first;
  await read(counters);
  const before = first.reads;
  await read(counters);
  const cost = first.reads - before;
  // The last thing that is read is when it was cleared.
  first.onRead = (n) => {
    if (n === before + 2 * cost - 4) first.lay([['/sys/last_stats_clear', { scalar: 4n }]]);
  };
  await read(counters);
  expect(counters.way).toBe('command_line');
  counters.detach();
  expect(first.closed).toBe(true);
  bytes = () => made('port0', 2n);
  expect(await read(counters)).toMatchObject({ rxPackets: 2n });
});
