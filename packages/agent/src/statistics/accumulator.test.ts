import { type StatisticsRecord, unaccounted } from '@taas/model';
import { atOnce } from '@taas/service';
import type { CountingPoints } from '@taas/wiring';
import { beforeEach, expect, it } from 'vitest';
import { Accumulator } from './accumulator.js';
import { type Counted, nothingCounted } from './reading.js';
import { formatting, parseState } from './state-text.js';

const id = '00000000-0000-4000-8000-000000000000';
const none = {
  mirrors: [],
  missing: [],
  entries: [],
  out: [],
  in: [],
  receipts: null,
  collector: null,
  sharesEntry: false,
  leavesUncounted: false,
};
const port = [{ from: 1, to: 100, state: 1, exact: true } as const];

let accumulator: Accumulator;
let counters: Map<number, Partial<Counted>>;

function take(points: Partial<CountingPoints>): void {
  const reading = {
    boot: '1',
    counted: (index: number) => ({ ...nothingCounted, ...counters.get(index) }),
    policed: () => undefined,
  };
  const tap: CountingPoints = { kind: 'tap_services', id, ...none, ...points };
  atOnce(accumulator.taking(reading, [tap], (index) => ({ birth: index, label: `port${index}` }), 10));
}
const told = () =>
  Object.fromEntries(
    accumulator.figures('tap_services', id)?.stages.map(({ stage, packets }) => [stage, packets]) ?? [],
  );
function final(): StatisticsRecord {
  const figures = accumulator.figures('tap_services', id);
  if (!figures) throw new Error('nothing is counted');
  const { since, stages, gaps } = figures;
  return { v: 1, id, at: 10, since, stages: [...stages], gaps: [...gaps], final: true };
}

beforeEach(() => {
  accumulator = new Accumulator();
  counters = new Map([[1, { rxPackets: 5n }]]);
  take({ mirrors: port });
});

it('tells nothing again that a last record has told, and all that was counted since', () => {
  counters.set(1, { rxPackets: 12n });
  take({ mirrors: port });
  accumulator.gap('tap_services', id, 'not_active', 30, 2n, 10);
  const last = final();
  expect([last.stages, last.gaps]).toMatchObject([[{ packets: '7' }], [{ milliseconds: 30, packets: '2' }]]);
  // While it is being stored, counting goes on.
  counters.set(1, { rxPackets: 15n });
  take({ mirrors: port });
  accumulator.settle('tap_services', last, 20);
  expect(told()).toEqual({ seen: '3' });
  expect(accumulator.figures('tap_services', id)).toMatchObject({ since: 20, gaps: [] });
  // Heard again, it is of a stay that is over.
  accumulator.settle('tap_services', last, 30);
  counters.set(1, { rxPackets: 16n });
  take({ mirrors: port });
  expect(told()).toEqual({ seen: '4' });
});

it('tells nothing again after a kill between the last record and the state file', () => {
  const file = atOnce(formatting(accumulator.state, 10));
  counters.set(1, { rxPackets: 12n });
  take({ mirrors: port });
  const last = final();
  const saved = parseState(file);
  if (!saved) throw new Error('the state cannot be read');
  accumulator = new Accumulator();
  accumulator.restore(saved.state);
  accumulator.settle('tap_services', last, 20);
  expect(told()).toEqual({ seen: '0' });
  counters.set(1, { rxPackets: 14n });
  take({ mirrors: port });
  expect(told()).toEqual({ seen: '2' });
});

it('leaves out a stage that cannot be told any more, for the rest of the stay', () => {
  const collector = (shared: boolean) => ({ collector: { port: 2, egress: [3], shared } });
  take({ mirrors: port, ...collector(false) });
  expect(told()).toEqual({ seen: '0', offered: '0', ring_dropped: '0', no_vm: '0', delivered: '0' });
  counters.set(3, { txPackets: 9n });
  take({ mirrors: [{ from: 1, to: 100, state: 1, exact: false }], ...collector(true) });
  expect(told()).toEqual({ offered: '9', no_vm: '0' });
  const saved = parseState(atOnce(formatting(accumulator.state, 10)));
  if (!saved) throw new Error('the state cannot be read');
  accumulator = new Accumulator();
  accumulator.restore(saved.state);
  take({ mirrors: port, ...collector(false) });
  expect(told()).toEqual({ offered: '9', no_vm: '0' });
  // The next stay is another.
  accumulator.settle('tap_services', final(), 20);
  take({ mirrors: port, ...collector(false) });
  expect(told()).toEqual({ seen: '0', offered: '0', ring_dropped: '0', no_vm: '0', delivered: '0' });
});

it('names its counting points as state files of before have them, or an upgrade would leave out what was counted meanwhile', () => {
  const entry = { index: 4, direction: 'BOTH', policer: null, filtered: true, wires: [5] } as const;
  const collector = { port: 2, egress: [3], shared: false };
  take({ mirrors: port, entries: [entry], out: [{ index: 6, wire: 6 }], in: [7], collector });
  const [totals] = accumulator.state.taps.values();
  expect([...(totals?.points ?? [])].sort()).toEqual(
    [
      ...['entry port4 BOTH', 'in port7', 'out port6', 'port port2', 'seen port1 port100 1'],
      ...['way port3', 'wire port5'],
    ].sort(),
  );
});

it('tells in the last figures what a tap has copied that is taken down', () => {
  counters.set(1, { rxPackets: 12n });
  take({ mirrors: port });
  take({});
  expect(told()).toEqual({ seen: '7' });
});

it('has seen of a source that took its counters along what was copied of it since the reading before', () => {
  const out = [{ index: 9, wire: 8 }];
  const both = [...port, { from: 2, to: 100, state: 2, exact: true } as const];
  take({ mirrors: both, out });
  counters.set(1, { rxPackets: 8n });
  counters.set(2, { txPackets: 4n });
  counters.set(9, { txPackets: 7n });
  take({ mirrors: both, out });
  expect(told()).toEqual({ seen: '3', sent: '7' });
  expect(accumulator.figures('tap_services', id)?.stages).toMatchObject([
    { stage: 'seen', direction: 'IN', packets: '4' },
    { stage: 'seen', direction: 'OUT', packets: '3' },
    { stage: 'sent', packets: '7' },
  ]);
  // Six more are sent: one is of the source that stays.
  counters.set(2, { txPackets: 5n });
  counters.set(9, { txPackets: 13n });
  counters.delete(1);
  take({ mirrors: both.slice(1), out });
  take({ mirrors: both.slice(1), out });
  expect(accumulator.figures('tap_services', id)?.stages).toMatchObject([
    { stage: 'seen', direction: 'IN', packets: '5' },
    { stage: 'seen', direction: 'OUT', packets: '8' },
    { stage: 'sent', packets: '13' },
  ]);
});

it('tells of a mirror that went between two readings that a frame was copied or is missing', () => {
  const missing = [{ from: 1, state: 1 } as const];
  const gaps = () => accumulator.figures('tap_services', id)?.gaps.map(({ packets }) => packets);
  counters.set(1, { rxPackets: 25n });
  take({ mirrors: port });
  // 15 frames since, of which nobody can say that they were copied.
  counters.set(1, { rxPackets: 40n });
  take({ missing });
  expect([told(), gaps()]).toEqual([{ seen: '20' }, ['15']]);
  counters.set(1, { rxPackets: 50n });
  take({ missing });
  expect([told(), gaps()]).toEqual([{ seen: '20' }, ['25']]);
  // The other direction is asked for besides: of that nothing is known yet.
  counters.set(1, { rxPackets: 53n, txPackets: 7n });
  take({ missing: [{ from: 1, state: 3 }] });
  expect(gaps()).toEqual(['28']);
});

it('takes from what is missing of such a mirror what was copied', () => {
  const entries = [{ index: 2, direction: 'OUT', policer: null, filtered: false, wires: [] } as const];
  counters.set(2, {});
  take({ mirrors: port, entries });
  // Each copy is counted twice.
  counters = new Map([
    [1, { rxPackets: 20n }],
    [2, { txPackets: 10n }],
  ]);
  take({ missing: [{ from: 1, state: 1 }], entries });
  expect(told()).toMatchObject({ seen: '5', copied: '5' });
  expect(accumulator.figures('tap_services', id)?.gaps).toMatchObject([{ packets: '10' }]);
});

it('counts receipts by themselves: they come in and are offered, and are no copies that have arrived', () => {
  const points = { in: [2], receipts: 3, collector: { port: 4, egress: [5, 6], shared: false } };
  const at = (arrived: bigint, receipts: bigint, offered: bigint) => {
    counters.set(2, { rxPackets: arrived });
    counters.set(3, { rxPackets: receipts });
    counters.set(5, { txPackets: offered });
    take(points);
  };
  at(100n, 10n, 110n);
  at(107n, 13n, 120n);
  expect(told()).toMatchObject({ arrived: '7', receipts: '3', offered: '10', delivered: '10' });
  expect(unaccounted(accumulator.figures('tap_services', id)?.stages ?? [])).toBe(0n);
  // The collector's VM is away: two copies and thirty receipts come to nothing.
  counters.set(2, { rxPackets: 109n, drops: 2n });
  counters.set(3, { rxPackets: 43n, drops: 30n });
  counters.set(4, { txErrors: 32n });
  take(points);
  take(points);
  expect(told()).toMatchObject({ arrived: '9', receipts: '3', no_vm: '2' });
  expect(unaccounted(accumulator.figures('tap_services', id)?.stages ?? [])).toBe(0n);
});
