import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { NO_INDEX } from './interface.js';
import { INPUT } from './l2-features.js';
import { testFrame, testPort } from './test-bed.js';

/** Two ports in a bridge domain, and a table that lets frames with one of these last bytes of the source MAC through. */
function bed() {
  const engine = new Engine();
  const [from, to] = [testPort(engine, 1), testPort(engine, 2)];
  for (const port of [from, to]) engine.joinBridge(port.index, 10);
  const table = (bytes: readonly number[], next = NO_INDEX, miss = 0) => {
    const mask = Uint8Array.from({ length: 16 }, (_, at) => (at === 11 ? 0xff : 0));
    const { index } = engine.classifiers.add({ buckets: 2, skip: 0, vectors: 1, next, miss, mask });
    for (const byte of bytes)
      engine.classifiers.addSession(
        index,
        mask.map(() => byte),
        { hit: NO_INDEX, opaque: 0, advance: 0 },
      );
    return index;
  };
  const passing = () => {
    to.received.length = 0;
    for (const n of [1, 2, 3]) from.send(testFrame(n, { src: `02:00:00:00:00:0${n}` }));
    return to.received.length;
  };
  return { engine, from, to, table, passing };
}

describe('the classifier as input ACL', () => {
  it('lets through what hits a session in any table of the chain, and the rest as the last table says', () => {
    const { engine, from, table, passing } = bed();
    const chain = table([1], table([3]));
    engine.classifiers.apply(from.index, chain);
    expect(passing()).toBe(2);
    engine.classifiers.withdraw(from.index, chain);
    expect(passing()).toBe(3);
    engine.classifiers.apply(from.index, table([1], NO_INDEX, NO_INDEX));
    expect(passing()).toBe(3);
  });

  it('trap: a second table is taken without a word, and changes nothing', () => {
    const { engine, from, table, passing } = bed();
    engine.classifiers.apply(from.index, table([1]));
    engine.classifiers.apply(from.index, table([1, 2]));
    expect(passing()).toBe(1);
  });

  it('trap: leaving L2 mode switches it off for good, while it is still listed', () => {
    const { engine, from, table, passing } = bed();
    const index = table([1]);
    engine.classifiers.apply(from.index, index);
    engine.setL3(from.index);
    engine.joinBridge(from.index, 10);
    engine.classifiers.apply(from.index, index);
    expect(engine.classifiers.appliedTo(from.index)).toBe(index);
    expect(engine.featureBits(from.index).input & INPUT.ACL).toBe(0);
    expect(passing()).toBe(3);
    engine.classifiers.withdraw(from.index, index);
    engine.classifiers.apply(from.index, index);
    expect(passing()).toBe(1);
  });

  it('trap: who gets the index of a deleted interface gets its table and its list of ethertypes', () => {
    const { engine, from, table } = bed();
    const index = table([1]);
    engine.classifiers.apply(from.index, index);
    engine.acls.limitEtherTypes(from.index, [0x0800], []);
    engine.interfaces.delete(engine.interfaces.get(from.index));
    const next = testPort(engine, 3);
    expect(next.index).toBe(from.index);
    expect(engine.classifiers.appliedTo(next.index)).toBe(index);
    expect(engine.acls.etherTypesOf(next.index).input).toEqual([0x0800]);
  });

  it('trap: a deleted table stays where it is applied, and cannot be taken off until it exists again', () => {
    const { engine, from, table } = bed();
    const index = table([1]);
    engine.classifiers.apply(from.index, index);
    engine.classifiers.delete(index, true);
    expect(engine.classifiers.appliedTo(from.index)).toBe(index);
    expect(() => engine.classifiers.withdraw(from.index, index)).toThrow('NO_SUCH_TABLE');
    expect(table([2])).toBe(index);
    engine.classifiers.withdraw(from.index, index);
  });
});
