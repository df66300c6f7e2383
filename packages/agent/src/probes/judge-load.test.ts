import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicerCounts } from '../vpp/policer-counts.js';
import { type Budget, judgeLoad, nothingWatched, overloadOf, type Watch } from './judge-load.js';

/** Counters of policers that somebody copies by, looked at each second. */
class Node {
  readonly #counts = new Map<string, PolicerCounts>();
  #watch: Watch = nothingWatched;
  #now = 5_000;

  constructor(readonly budget: Budget) {}

  /** A second passes, in which each flow has copied so many packets of 1,000 bytes, and lost so many to its policer. */
  second(flows: Readonly<Record<string, readonly [passed: number, dropped?: number]>>): this {
    for (const [name, [passed, dropped = 0]] of Object.entries(flows)) {
      const old = this.#counts.get(name) ?? none;
      this.#counts.set(name, {
        passed: { packets: old.passed.packets + passed, bytes: old.passed.bytes + 1000 * passed },
        dropped: { packets: old.dropped.packets + dropped, bytes: old.dropped.bytes + 1000 * dropped },
      });
    }
    this.#now += 1000;
    this.#watch = judgeLoad(this.#watch, this.#counts, this.#now, this.budget);
    return this;
  }

  /** Somebody makes the policer anew. */
  zero(name: string): void {
    this.#counts.set(name, none);
  }

  get suspended(): string[] {
    return [...overloadOf(this.#watch, this.budget).suspended.keys()].sort();
  }

  get reasons(): string[] {
    return [...overloadOf(this.#watch, this.budget).suspended.values()];
  }

  get thinned(): string[] {
    return [...overloadOf(this.#watch, this.budget).thinned.keys()].sort();
  }
}

const none: PolicerCounts = { passed: { packets: 0, bytes: 0 }, dropped: { packets: 0, bytes: 0 } };
const budget = (flow: Budget['flow'], node: Budget['node'] = {}): Budget => ({ flow, node, suspend_ms: 3000 });

describe('a flow whose policer drops', () => {
  it('is thinned from the first poll that sees it until five in a row have not', () => {
    const node = new Node(budget({ max_kbps: 1000 })).second({ a: [10], b: [10] });
    expect(node.thinned).toEqual([]);
    expect(node.second({ a: [10, 1], b: [10] }).thinned).toEqual(['a']);
    for (let n = 0; n < 4; n++) expect(node.second({ a: [10] }).thinned).toEqual(['a']);
    expect(node.second({ a: [10, 1] }).thinned).toEqual(['a']);
    for (let n = 0; n < 4; n++) node.second({ a: [10] });
    expect(node.second({ a: [10] }).thinned).toEqual([]);
    expect(node.suspended).toEqual([]);
  });
});

describe('a flow with more packets than its budget', () => {
  it('is suspended alone, and tried again when its time is over', () => {
    const node = new Node(budget({ max_pps: 100 })).second({ a: [0], b: [0] });
    expect(node.second({ a: [100], b: [100] }).suspended).toEqual([]);
    expect(node.second({ a: [101], b: [100] }).suspended).toEqual(['a']);
    expect(node.reasons[0]).toBe('suspended: more than the 100 packets/s that a flow may copy; tried again after 3 s');
    node.second({ a: [0] }).second({ a: [0] });
    expect(node.suspended).toEqual(['a']);
    expect(node.second({ a: [0] }).suspended).toEqual([]);
    expect(node.second({ a: [200] }).suspended).toEqual(['a']);
  });

  it('is judged by what it has copied since it is watched', () => {
    const node = new Node(budget({ max_pps: 100 })).second({ old: [5000] });
    expect(node.suspended).toEqual([]);
    expect(node.second({ old: [100], quiet: [100], loud: [101] }).suspended).toEqual(['loud']);
    expect(node.second({ quiet: [100] }).suspended).toEqual(['loud']);
    node.zero('quiet');
    expect(node.second({ quiet: [101] }).suspended).toEqual(['loud', 'quiet']);
  });
});

describe('a node that copies more than its budget', () => {
  it('suspends those that copy most, until the rest is within it', () => {
    // Packets of 1,000 bytes: 8 kbit each.
    const node = new Node(budget({}, { max_kbps: 800 })).second({ a: [0], b: [0], c: [0] });
    expect(node.second({ a: [30], b: [60], c: [10] }).suspended).toEqual([]);
    expect(node.second({ a: [30], b: [60], c: [11] }).suspended).toEqual(['b']);
    expect(node.reasons[0]).toContain('more than 800 kbit/s together, and this one most');
    expect(node.second({ a: [90], c: [11] }).suspended).toEqual(['a', 'b']);
  });

  it('never lets the load of those that go on stay above a limit, and suspends nobody without need', () => {
    const loads = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(200), { minKeys: 1 });
    const limit = fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined });
    fc.assert(
      fc.property(loads, limit, limit, limit, (packets, flowPps, nodePps, nodeKbps) => {
        const limits = budget({ max_pps: flowPps }, { max_pps: nodePps, max_kbps: nodeKbps && nodeKbps * 8 });
        const names = Object.keys(packets);
        const node = new Node(limits).second(Object.fromEntries(names.map((name) => [name, [0]])));
        node.second(Object.fromEntries(names.map((name) => [name, [packets[name] ?? 0]])));
        const left = names.filter((name) => !node.suspended.includes(name)).map((name) => packets[name] ?? 0);
        const most = Math.min(nodePps ?? 1e9, nodeKbps ?? 1e9);
        expect(left.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(most);
        for (const each of left) expect(each).toBeLessThanOrEqual(flowPps ?? 1e9);
        const total = names.reduce((sum, name) => sum + (packets[name] ?? 0), 0);
        if (total <= most && names.every((name) => (packets[name] ?? 0) <= (flowPps ?? 1e9)))
          expect(node.suspended).toEqual([]);
      }),
    );
  });
});
