import { packetsAt, type ResourceKind, type StageCount } from '@taas/model';
import { atOnce } from '@taas/service';
import type { CountingPoints } from '@taas/wiring';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Accumulator } from './accumulator.js';
import { type Counted, nothingCounted, type Reading } from './reading.js';
import { formatting, parseState } from './state-text.js';

const indices = [1, 2, 3, 4];
const loop = { birth: 0, label: 'loop' };
const nowhereElse = {
  ...{ missing: [], entries: [], out: [], in: [], receipts: null, collector: null },
  ...{ sharesEntry: false, leavesUncounted: false },
} as const;
const ids = [0, 1].map((n) => `00000000-0000-4000-8000-00000000000${n}`);

/** An interface as it really is, and what a tap that has been following it ought to have been told. */
interface Actual {
  readonly birth: number;
  readonly label: string;
  counted: Counted;
  /** Since the reading before, and since the state file was written: what a tap is still to be told. */
  pending: bigint;
  unsaved: bigint;
}

/** A VPP, taps whose source is one interface or another, and the ledger of every frame. */
class World {
  boot = 1;
  births = 0;
  interfaces = new Map<number, Actual>();
  /** Where each tap's source is. */
  sources = new Map(ids.map((id, n) => [id, indices[n] ?? 1]));
  expected = new Map(ids.map((id) => [id, 0n]));
  /** Which interface each tap was reading at the reading before. */
  followed = new Map<string, string>();
  readonly points = new Map<string, CountingPoints>();
  saved = { expected: new Map(this.expected), followed: new Map(this.followed), text: '' };
  accumulator = new Accumulator();
  shown = new Map<string, bigint>();

  constructor(private readonly uniqueLabels: boolean) {
    for (const index of indices) this.make(index);
    this.save();
  }

  make(index: number): void {
    const birth = ++this.births;
    const label = this.uniqueLabels ? `port-${birth}` : `port-${index}`;
    this.interfaces.set(index, { birth, label, counted: nothingCounted, pending: 0n, unsaved: 0n });
  }
  traffic(index: number, packets: bigint): void {
    const each = this.interfaces.get(index);
    if (!each) return;
    each.counted = { ...each.counted, rxPackets: each.counted.rxPackets + packets };
    each.pending += packets;
    each.unsaved += packets;
  }
  /** VPP does not say so. */
  clearAll(): void {
    for (const each of this.interfaces.values())
      Object.assign(each, { counted: nothingCounted, pending: 0n, unsaved: 0n });
  }
  restartVpp(): void {
    this.boot += 1;
    this.followed.clear();
    this.saved.followed.clear();
    for (const index of indices) this.make(index);
  }
  read(): void {
    const reading: Reading = {
      boot: String(this.boot),
      counted: (index) => this.interfaces.get(index)?.counted,
      policed: () => undefined,
    };
    const points = ids.map((id): CountingPoints => {
      const from = this.sources.get(id) ?? 1;
      const known = this.points.get(id);
      // As whoever finds them keeps them.
      if (known?.mirrors[0]?.from === from) return known;
      const found: CountingPoints = {
        ...{ kind: 'tap_flows', id, mirrors: [{ from, to: 100, state: 1, exact: true }], ...nowhereElse },
      };
      this.points.set(id, found);
      return found;
    });
    atOnce(this.accumulator.taking(reading, points, (index) => this.interfaces.get(index) ?? loop, 0));
    for (const id of ids) {
      const index = this.sources.get(id) ?? 1;
      const each = this.interfaces.get(index);
      const who = `${index} ${each?.birth}`;
      if (this.followed.get(id) === who) this.expected.set(id, (this.expected.get(id) ?? 0n) + (each?.pending ?? 0n));
      this.followed.set(id, who);
    }
    for (const each of this.interfaces.values()) each.pending = 0n;
  }
  save(): void {
    this.saved = {
      expected: new Map(this.expected),
      followed: new Map(this.followed),
      text: atOnce(formatting(this.accumulator.state, 0)),
    };
    // What the file does not have yet: all that has come since the last reading.
    for (const each of this.interfaces.values()) each.unsaved = each.pending;
  }
  /** kill -9: what was counted since the file was written is counted again from it. */
  restartAgent(): void {
    const restored = parseState(this.saved.text);
    if (!restored) throw new Error('the state cannot be read');
    this.accumulator = new Accumulator();
    this.accumulator.restore(restored.state);
    this.expected = new Map(this.saved.expected);
    this.followed = new Map(this.saved.followed);
    // Figures before the first reading are those of the file.
    this.shown.clear();
    for (const each of this.interfaces.values()) each.pending = each.unsaved;
  }
  seen(id: string): bigint {
    const kind: ResourceKind = 'tap_flows';
    const stages: readonly StageCount[] = this.accumulator.figures(kind, id)?.stages ?? [];
    return packetsAt(stages, 'seen') ?? 0n;
  }
}

const index = fc.constantFrom(...indices);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('traffic'), index, fc.bigInt({ min: 1n, max: 2n ** 40n })) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('read')) },
  fc.tuple(fc.constant('clear')),
  fc.tuple(fc.constant('reuse'), index),
  fc.tuple(fc.constant('restart VPP')),
  fc.tuple(fc.constant('restart agent')),
  fc.tuple(fc.constant('save')),
  fc.tuple(fc.constant('move'), fc.constantFrom(...ids), index),
);

function perform(world: World, [what, ...args]: readonly unknown[]): void {
  const [first, second] = args;
  if (what === 'traffic') world.traffic(Number(first), second as bigint);
  if (what === 'read') world.read();
  if (what === 'clear') world.clearAll();
  if (what === 'reuse') world.make(Number(first));
  if (what === 'restart VPP') world.restartVpp();
  if (what === 'restart agent') world.restartAgent();
  if (what === 'save') world.save();
  if (what === 'move') world.sources.set(String(first), Number(second));
}

describe('an Accumulator', () => {
  it('tells each tap of every frame that it has been following, and of no other, whatever happens but a clear', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World(true);
        for (const each of steps) {
          if (each[0] === 'clear') continue;
          perform(world, each);
          for (const id of ids) {
            expect(world.seen(id)).toBe(world.expected.get(id));
            expect(world.seen(id)).toBeGreaterThanOrEqual(world.shown.get(id) ?? 0n);
            world.shown.set(id, world.seen(id));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['where names come again, while the agent runs', 'restart agent'],
    ['where names come again with another VPP', 'reuse'],
  ])('tells each tap of exactly its frames %s', (_, without) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World(false);
        for (const each of steps) {
          if (each[0] === without) continue;
          // What restarts from a file of before a clear is below.
          if (each[0] === 'clear' && without !== 'restart agent') continue;
          perform(world, each);
          // Read before anything has passed, a clear is seen.
          if (each[0] === 'clear') world.read();
          for (const id of ids) expect(world.seen(id)).toBe(world.expected.get(id));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never tells a tap more than it has followed, nor less than before, when VPP is cleared and does not say so', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World(true);
        for (const each of steps) {
          perform(world, each);
          for (const id of ids) {
            expect(world.seen(id)).toBeLessThanOrEqual(world.expected.get(id) ?? 0n);
            expect(world.seen(id)).toBeGreaterThanOrEqual(world.shown.get(id) ?? 0n);
            world.shown.set(id, world.seen(id));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never counts more than there was, nor backwards, where names come again as well', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World(false);
        let sent = 0n;
        for (const each of steps) {
          perform(world, each);
          if (each[0] === 'traffic') sent += each[2] as bigint;
          for (const id of ids) {
            expect(world.seen(id)).toBeLessThanOrEqual(sent);
            expect(world.seen(id)).toBeGreaterThanOrEqual(world.shown.get(id) ?? 0n);
            world.shown.set(id, world.seen(id));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('tells the same of taps that are quiet, without looking at them, as of those that it looks at', () => {
    const [id = ''] = ids;
    const tap: CountingPoints = {
      ...{ kind: 'tap_services', id, ...nowhereElse },
      mirrors: [{ from: 1, to: 5, state: 3, exact: true }],
      entries: [{ index: 5, direction: 'BOTH', policer: null, filtered: true, wires: [3] }],
      collector: { port: 3, egress: [4], shared: false },
    };
    const who = new Map([1, 3, 4, 5].map((index) => [index, { birth: index, label: `port-${index}` }]));
    const event = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('gain' as const),
          at: fc.constantFrom(
            ...([
              [1, 'rxPackets'],
              [1, 'txPackets'],
              [5, 'txPackets'],
              [5, 'drops'],
            ] as const),
            ...([
              [3, 'drops'],
              [3, 'txErrors'],
              [4, 'txPackets'],
            ] as const),
          ),
          by: fc.constantFrom(1n, 2n, 5n),
        }),
      },
      { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('read' as const) }) },
      fc.record({ do: fc.constant('settle' as const), without: fc.constantFrom(0, 1, 2, null) }),
      fc.record({ do: fc.constantFrom('gap' as const, 'restart VPP' as const) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const [quiet, thorough] = [new Accumulator(), new Accumulator()];
        const counters = new Map([...who.keys()].map((index) => [index, nothingCounted]));
        let [boot, now] = [1, 10];
        const figures = (accumulator: Accumulator) => accumulator.figures('tap_services', id);
        for (const each of [{ do: 'read' } as const, ...events]) {
          now += 1;
          if (each.do === 'gain') {
            const [index, name] = each.at;
            const before = counters.get(index) ?? nothingCounted;
            counters.set(index, { ...before, [name]: before[name] + each.by });
          }
          if (each.do === 'restart VPP') boot += 1;
          const reading: Reading = { boot: `${boot}`, counted: (at) => counters.get(at), policed: () => undefined };
          for (const accumulator of [quiet, thorough]) {
            // Other points, which say the same, are looked at.
            const points = accumulator === quiet ? tap : { ...tap };
            if (each.do === 'read') atOnce(accumulator.taking(reading, [points], (at) => who.get(at), now));
            if (each.do === 'gap') accumulator.gap('tap_services', id, 'not_active', 3, null, now);
            const told = figures(accumulator);
            if (each.do !== 'settle' || !told) continue;
            // An older record may not have all of them.
            const stages = told.stages.filter((_, n) => n % 3 !== each.without);
            const gaps = [...told.gaps];
            accumulator.settle(
              'tap_services',
              { v: 1, id, since: told.since, at: now, stages, gaps, final: true },
              now,
            );
          }
          expect(figures(quiet)).toEqual(figures(thorough));
        }
      }),
      { numRuns: 500 },
    );
  });
});
