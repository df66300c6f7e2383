import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock.js';
import { MadeSegment, madeBase } from '../testing/made-segment.js';
import { CombinedCounters, SimpleCounters } from './counters.js';
import { VppStatsError } from './stats-error.js';
import { StatsSegment } from './stats-segment.js';

const never = new AbortController().signal;

/** A clock whose pauses end at once; they are counted. */
function handClock(): Clock & { time: number; pauses: number } {
  return {
    time: 0,
    pauses: 0,
    now() {
      return this.time;
    },
    after(ms, callback) {
      this.time += ms;
      this.pauses++;
      queueMicrotask(callback);
      return () => undefined;
    },
  };
}

const usual = [
  ['/if/names', { names: ['local0', 'loop0', null] }],
  [
    '/if/rx',
    {
      combined: [
        [
          [1n, 60n],
          [2n, 120n],
        ],
        [
          [10n, 600n],
          [20n, 1200n],
          [5n, 300n],
        ],
      ],
    },
  ],
  [
    '/if/drops',
    {
      simple: [
        [7n, 8n],
        [1n, 0n],
      ],
    },
  ],
  ['/sys/boottime', { scalar: 1234n }],
] as const;

function made(): MadeSegment {
  const segment = new MadeSegment();
  segment.lay(usual);
  return segment;
}

/** The pointer to what the first thread has counted, of the first entry. */
function firstThreadOf({ memory }: MadeSegment): bigint {
  const directory = Number(memory.readBigUInt64LE(32) - madeBase);
  const threads = Number(memory.readBigUInt64LE(directory + 8) - madeBase);
  return memory.readBigUInt64LE(threads);
}

describe('StatsSegment', () => {
  it('sums the counters of all threads, where each has as many as it has', async () => {
    const values = await new StatsSegment(made(), handClock()).read(['/if/rx', '/if/drops', '/sys/boottime'], never);
    const rx = values.get('/if/rx');
    if (!(rx instanceof CombinedCounters)) throw new Error('no combined counters');
    expect([0, 1, 2, 3].map((n) => [rx.packets(n), rx.bytes(n)])).toEqual([
      [11n, 660n],
      [22n, 1320n],
      [5n, 300n],
      [0n, 0n],
    ]);
    expect(rx.length).toBe(3);
    const drops = values.get('/if/drops');
    if (!(drops instanceof SimpleCounters)) throw new Error('no simple counters');
    expect([drops.count(0), drops.count(1), drops.count(2)]).toEqual([8n, 8n, 0n]);
    expect(values.get('/sys/boottime')).toEqual({ type: 'scalar', value: 1234n });
  });

  it('keeps all 64 bits', async () => {
    const segment = new MadeSegment();
    const large = 0xfedc_ba98_7654_3210n;
    segment.lay([['/if/rx', { combined: [[[large, large + 1n]]] }]]);
    const rx = (await new StatsSegment(segment, handClock()).read(['/if/rx'], never)).get('/if/rx');
    expect(rx instanceof CombinedCounters && [rx.packets(0), rx.bytes(0)]).toEqual([large, large + 1n]);
  });

  it('reads one name of a vector of names', async () => {
    const segment = new StatsSegment(made(), handClock());
    const names = await Promise.all([0, 1, 2, 3].map((n) => segment.readName('/if/names', n, never)));
    expect(names).toEqual(['local0', 'loop0', undefined, undefined]);
    expect(await segment.readName('/if/other', 0, never)).toBeUndefined();
    expect(await segment.readName('/if/rx', 0, never)).toBeUndefined();
  });

  it('searches the directory once, and again when a name stands elsewhere', async () => {
    const memory = made();
    const segment = new StatsSegment(memory, handClock());
    await segment.read(['/if/drops'], never);
    const first = memory.reads;
    await segment.read(['/if/drops'], never);
    const again = memory.reads - first;
    expect(again).toBeLessThan(first);
    memory.lay([['/if/drops', { simple: [[99n]] }], ...usual.filter(([name]) => name !== '/if/drops')]);
    const drops = (await segment.read(['/if/drops'], never)).get('/if/drops');
    expect(drops instanceof SimpleCounters && drops.count(0)).toBe(99n);
  });

  it('leaves out a name that is not there, and looks for it again after a minute', async () => {
    const memory = made();
    const clock = handClock();
    const segment = new StatsSegment(memory, clock);
    expect([...(await segment.read(['/net/policer/conform', '/if/drops'], never)).keys()]).toEqual(['/if/drops']);
    memory.lay([...usual, ['/net/policer/conform', { combined: [[[3n, 4n]]] }]]);
    expect([...(await segment.read(['/net/policer/conform'], never)).keys()]).toEqual([]);
    clock.time += 60_000;
    expect([...(await segment.read(['/net/policer/conform'], never)).keys()]).toEqual(['/net/policer/conform']);
  });

  it('begins anew when VPP changes the directory meanwhile, whatever was read until then', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 30 }), fc.boolean(), async (moment, garbled) => {
        const memory = made();
        const segment = new StatsSegment(memory, handClock());
        const old = Number(memory.memory.readBigUInt64LE(32) - madeBase);
        memory.onRead = (read) => {
          if (read !== moment) return;
          memory.lay([
            ['/if/drops', { simple: [[1000n]] }],
            ['/sys/boottime', { scalar: 1n }],
          ]);
          // VPP gives back and uses again what the old directory and its counters were in.
          if (garbled) memory.memory.fill(0xff, 4096, old + 144 * usual.length);
        };
        const values = await segment.read(['/if/drops', '/sys/boottime'], never);
        const drops = values.get('/if/drops');
        expect([8n, 1000n]).toContain(drops instanceof SimpleCounters ? drops.count(0) : drops);
        const boot = values.get('/sys/boottime');
        expect([1234n, 1n]).toContain(boot?.type === 'scalar' ? boot.value : boot);
      }),
    );
  });

  it('waits while VPP holds the directory, and gives up in the end', async () => {
    const memory = made();
    const clock = handClock();
    const segment = new StatsSegment(memory, clock);
    memory.inProgress = true;
    memory.onRead = (read) => {
      if (read === 3) memory.inProgress = false;
    };
    expect((await segment.read(['/sys/boottime'], never)).size).toBe(1);
    expect(clock.pauses).toBe(3);
    memory.inProgress = true;
    await expect(segment.read(['/sys/boottime'], never)).rejects.toMatchObject({ problem: 'busy' });
  });

  it('gives up with the reason of who no longer waits', async () => {
    const memory = made();
    memory.inProgress = true;
    const stopped = new AbortController();
    const clock: Clock = { now: () => 0, after: () => () => undefined };
    const reading = new StatsSegment(memory, clock).read(['/sys/boottime'], stopped.signal);
    stopped.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
  });

  it('refuses another version of the layout', async () => {
    const memory = made();
    memory.memory.writeBigUInt64LE(3n, 0);
    await expect(new StatsSegment(memory, handClock()).read(['/if/rx'], never)).rejects.toMatchObject({
      problem: 'unsupported',
    });
  });

  it('does not copy the same counters for a thousand threads', async () => {
    const memory = new MadeSegment();
    memory.lay([['/if/drops', { simple: [Array.from({ length: 10_000 }, () => 1n)] }]]);
    const at = firstThreadOf(memory);
    const pointers = Buffer.alloc(8 * 1000);
    for (let n = 0; n < 1000; n++) pointers.writeBigUInt64LE(at, 8 * n);
    memory.pointFirstEntryTo(pointers, 1000);
    await expect(new StatsSegment(memory, handClock()).read(['/if/drops'], never)).rejects.toMatchObject({
      problem: 'malformed',
    });
  });

  it('answers or says why, whatever stands in the segment, with bounded work', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.nat(6000), bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }) }), {
          maxLength: 20,
        }),
        async (scribbles) => {
          const memory = made();
          for (const { at, bytes } of scribbles) memory.memory.set(bytes, at);
          let most = 0;
          memory.onRead = (read) => {
            most = read;
          };
          const segment = new StatsSegment(memory, handClock());
          const outcome = await segment.read(['/if/rx', '/if/drops', '/if/tx'], never).catch((error: unknown) => error);
          expect(outcome instanceof Map || outcome instanceof VppStatsError).toBe(true);
          const name = await segment.readName('/if/names', 1, never).catch((error: unknown) => error);
          expect(name === undefined || typeof name === 'string' || name instanceof VppStatsError).toBe(true);
          expect(most).toBeLessThan(50_000);
        },
      ),
    );
  });
});
