import { atOnce, silentLogger, systemClock } from '@taas/service';
import { createSnapshot } from '@taas/wiring';
import { beforeEach, expect, it } from 'vitest';
import { VppStatsError } from 'vpp-api';
import { MadeSegment } from '../../../vpp-api/src/testing/made-segment.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import { Accumulator } from './accumulator.js';
import { CounterSource } from './counter-source.js';

const interfacesShown = `Name Idx State MTU Counter Count
port0                             1      up          9000/0/0/0     rx packets                     5
`;
let shown: string;
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

function source(receive?: () => Promise<MadeSegment>) {
  const snapshot = createSnapshot();
  const common = { supIndex: 1, subId: 0, vlan: null, adminUp: true, linkUp: true, mac: '', rewrite: 0 } as const;
  snapshot.interfaces.put(1, { index: 1, name: 'port0', tag: 'net-vpp.port:x', ...common });
  const clock = { ...systemClock, monotonic: () => time, sleep: async () => undefined };
  const logger = { ...silentLogger, warn: (fields: object) => warnings.push(fields) };
  return new CounterSource({
    ...{ snapshot, clock, logger, procDirectory: '/nowhere' },
    open: async () => bytes(),
    ...(receive === undefined ? { statsSocket: '' } : { statsSocket: '/run/vpp/stats.sock', receive }),
  });
}

function made(name = 'port0', packets = 7n): MadeSegment {
  const segment = new MadeSegment();
  segment.lay([...entries(name, packets), ['/sys/last_stats_clear', { scalar: 3n }]]);
  return segment;
}

function entries(name = 'port0', packets = 7n): Parameters<MadeSegment['lay']>[0][number][] {
  const none = { simple: [[0n, 0n]] };
  return [
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
    ['/buffer-pools/default-numa-0/available', { scalar: 16n }],
  ];
}

const read = async (of: CounterSource) => (await of.read(vpp, { interfaces: [1], policers: false })).counted(1);

beforeEach(() => {
  [asked, warnings, time, shown] = [[], [], 0, interfacesShown];
  bytes = () => made();
});

it('reads the segment of the VPP that answers, and asks VPP for nothing else', async () => {
  const counters = source();
  expect(await read(counters)).toMatchObject({ rxPackets: 7n, rxBytes: 700n, drops: 0n });
  expect([counters.method, counters.problem, counters.gauges.buffersAvailable, asked]).toEqual([
    'segment',
    null,
    16,
    [],
  ]);
});

it('reads policers by the command line as long as the segment has none: VPP makes their counters with the first', async () => {
  const name = `taas.flow:00000000-0000-4000-8000-000000000001`;
  const said = ['conform 5 packets, 50 bytes', 'exceed 1 packets, 10 bytes', 'violate 2 packets, 20 bytes'];
  shown = [`Name "${name}" type 1r2c cir 100`, ...said].join('\n');
  const counters = source();
  const policed = async () =>
    (await counters.read(vpp, { interfaces: [1], policers: true })).policed({ name, index: 0 });
  expect(await policed()).toEqual({ passedPackets: 5n, passedBytes: 50n, droppedPackets: 3n, droppedBytes: 30n });
  expect([counters.method, asked]).toEqual(['segment', ['show policer']]);
  const of = (packets: bigint) => ({ combined: [[[packets, packets * 10n] as [bigint, bigint]]] });
  const segment = made();
  bytes = () => segment;
  const later = source();
  segment.lay([
    ...entries(),
    ...(['conform', 'exceed', 'violate'] as const).map(
      (colour, n) => [`/net/policer/${colour}`, of(BigInt(n + 7))] as Parameters<MadeSegment['lay']>[0][number],
    ),
  ]);
  const reading = await later.read(vpp, { interfaces: [1], policers: true });
  expect(reading.policed({ name, index: 0 })).toEqual({
    ...{ passedPackets: 7n, passedBytes: 70n, droppedPackets: 17n, droppedBytes: 170n },
  });
  expect(asked).toHaveLength(1);
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
  expect([counters.method, asked.length, warnings.length]).toEqual(['command_line', 3, 1]);
  expect(counters.failures).toBeGreaterThan(0);
  bytes = () => made();
  time += 30_000;
  expect(await read(counters)).toMatchObject({ rxPackets: 7n });
  expect(counters.method).toBe('segment');
});

it.each<[string, () => MadeSegment]>([
  [
    'may not be looked at',
    () => {
      throw new VppStatsError('unreachable', 'no right to look');
    },
  ],
  ["are another VPP's", () => made('port1')],
])("asks VPP's socket where its files %s", async (_, files) => {
  bytes = files;
  const counters = source(async () => made());
  expect(await read(counters)).toMatchObject({ rxPackets: 7n });
  expect([counters.method, counters.lasting, warnings]).toEqual(['segment', { method: 'segment', problem: null }, []]);
});

it('says what is wrong with both ways where neither leads to the segment', async () => {
  bytes = () => {
    throw new VppStatsError('unreachable', 'no right to look');
  };
  const counters = source(async () => {
    throw new VppStatsError('unreachable', 'no such socket');
  });
  expect(await read(counters)).toMatchObject({ rxPackets: 5n });
  expect(counters.lasting).toEqual({ method: 'command_line', problem: 'no such socket; and no right to look' });
});

it('a segment that is only busy for once says nothing of how counters are read', async () => {
  const counters = source();
  const segment = made();
  bytes = () => segment;
  await read(counters);
  Object.assign(segment, { inProgress: true });
  await read(counters);
  expect([counters.method, counters.lasting.method]).toEqual(['command_line', 'segment']);
});

it('adds nothing for `clear runtime`, which sets the time of a clear and leaves the counters alone', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  const counters = source();
  const accumulator = new Accumulator();
  const segment = made();
  bytes = () => segment;
  const take = async () => {
    const reading = await counters.read(vpp, { interfaces: [1], policers: false });
    const mirrors = [{ from: 1, to: 100, state: 1, exact: true } as const];
    const empty = {
      missing: [],
      entries: [],
      out: [],
      in: [],
      receipts: null,
      collector: null,
      sharesEntry: false,
      leavesUncounted: false,
    };
    atOnce(
      accumulator.taking(
        reading,
        [{ kind: 'tap_flows', id, mirrors, ...empty }],
        () => ({ birth: 1, label: 'port0' }),
        0,
      ),
    );
    return accumulator.figures('tap_flows', id)?.stages.map(({ packets }) => packets);
  };
  const gained = [await take(), await take()];
  segment.lay([...entries(), ['/sys/last_stats_clear', { scalar: 4n }]]);
  gained.push(await take());
  segment.lay([...entries('port0', 9n), ['/sys/last_stats_clear', { scalar: 4n }]]);
  gained.push(await take());
  expect(gained).toEqual([['0'], ['0'], ['0'], ['2']]);
  expect(counters.method).toBe('segment');
});

it('reads nothing of a VPP that has gone', async () => {
  const counters = source();
  const first = made();
  bytes = () => first;
  await read(counters);
  counters.detach();
  expect(first.closed).toBe(true);
  bytes = () => made('port0', 2n);
  expect(await read(counters)).toMatchObject({ rxPackets: 2n });
});
