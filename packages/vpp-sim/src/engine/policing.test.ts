import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { NO_INDEX } from './interface.js';
import { INPUT } from './l2-features.js';
import type { PolicerSpec } from './policer-table.js';
import { testFrame, testPort } from './test-bed.js';

const spec = (cir: number, cb: number, rateType = 0): PolicerSpec => {
  const [pass, drop] = [
    { type: 1, dscp: 0 },
    { type: 0, dscp: 0 },
  ];
  const actions = { conform: pass, exceed: drop, violate: drop };
  return { cir, eir: 0, cb: BigInt(cb), eb: 0n, rateType, roundType: 0, type: 0, colorAware: false, actions };
};

/** Two ports in a bridge domain, of which one is policed, and a clock that stands still. */
function bed(policer: PolicerSpec) {
  let now = 0;
  const engine = new Engine(() => now);
  const [from, to] = [testPort(engine, 1), testPort(engine, 2)];
  for (const port of [from, to]) engine.joinBridge(port.index, 10);
  const { index } = engine.policers.add('p', policer);
  const mask = new Uint8Array(16);
  const table = engine.classifiers.add({ buckets: 2, skip: 0, vectors: 1, next: NO_INDEX, miss: NO_INDEX, mask }).index;
  engine.classifiers.addSession(table, mask, { hit: index, opaque: 0, advance: 0 });
  engine.policing.apply(from.index, table);
  const size = testFrame(0).length;
  const passing = (count: number) => {
    to.received.length = 0;
    for (let n = 0; n < count; n++) from.send(testFrame(n));
    return to.received.length;
  };
  const wait = (ms: number) => {
    now += ms;
  };
  return { engine, from, table, size, passing, wait };
}

describe('a policer on a classifier table', () => {
  it('lets a burst through, and then as much as time brings', () => {
    // 1,000 kbit/s are 125 bytes a millisecond.
    const { engine, size, passing, wait } = bed(spec(1000, 1000));
    expect(passing(50)).toBe(Math.floor(1000 / size));
    wait(4);
    expect(passing(50)).toBe(Math.floor(((1000 % size) + 500) / size));
    wait(60_000);
    expect(passing(50)).toBe(Math.floor(1000 / size));
    const { conform, violate } = engine.policers.named('p')?.counts ?? { conform: undefined, violate: undefined };
    expect([(conform?.packets ?? 0) + (violate?.packets ?? 0), conform?.bytes]).toEqual([
      150,
      (conform?.packets ?? 0) * size,
    ]);
  });

  it('trap: a rate in packets takes each for 256 bytes', () => {
    const { size, passing } = bed(spec(10, 1000, 1));
    // 10 packets/s are 20 kbit/s, and of these a second: 2,500 bytes.
    expect(passing(100)).toBe(Math.floor(2500 / size));
  });

  it('trap: leaving L2 mode switches policing off, while it is still listed', () => {
    const { engine, from, table, passing } = bed(spec(1, 200));
    engine.setL3(from.index);
    engine.joinBridge(from.index, 10);
    engine.policing.apply(from.index, table);
    expect(engine.policing.applied()).toEqual([[from.index, table]]);
    expect(engine.featureBits(from.index).input & INPUT.POLICER_CLAS).toBe(0);
    expect(passing(5)).toBe(5);
    engine.policing.withdraw(from.index, table);
    engine.policing.apply(from.index, table);
    expect(passing(5)).toBeLessThan(5);
  });
});
