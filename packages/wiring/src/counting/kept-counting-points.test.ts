import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangingNode, type Event, event } from '../testing/changing-node.suite.js';
import { flow, flowId, portId, serviceId } from '../testing/records.js';
import { type CountingPoints, countingPoints } from './counting-points.js';
import { KeptCountingPoints } from './kept-counting-points.js';

class World extends ChangingNode {
  readonly kept = new KeptCountingPoints(this.vpp.state);

  /** @param meanwhile is called once, after so many steps */
  found(steps = 0, meanwhile: () => void = () => undefined): readonly CountingPoints[] {
    const finding = this.kept.finding(this.wanted);
    for (let n = 0; ; n += 1) {
      if (n === steps) meanwhile();
      const step = finding.next();
      if (step.done) return step.value;
    }
  }

  /** Interfaces that have something to do with counting, as whoever counts tells them apart. */
  births(): string {
    const { interfaces } = this.vpp.state;
    return JSON.stringify(
      this.found().map(({ mirrors, entries, out }) =>
        [
          ...mirrors.flatMap(({ from, to }) => [from, to]),
          ...entries.map(({ index }) => index),
          ...out.map(({ index }) => index),
        ].map((index) => [interfaces.birthOf(index), interfaces.get(index)?.name, interfaces.get(index)?.tag]),
      ),
    );
  }
}

const plan: Event = { do: 'plan', policed: false };
const wired: Event[] = [
  { do: 'service', n: 1, port: 2, removed: false, receipts: true },
  {
    do: 'flow',
    n: 1,
    of: 1,
    port: 1,
    direction: 'BOTH',
    target: { type: 'local' },
    removed: false,
    filtered: false,
  },
  { do: 'flow', n: 2, of: 1, port: 3, direction: 'IN', target: { type: 'local' }, removed: false, filtered: true },
  { do: 'mirror', n: 1, port: 1, removed: false },
  plan,
];

describe('counting points that are kept', () => {
  it('are those that would be found anew, whatever has happened', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 30 }), (events) => {
        const world = new World();
        for (const each of [...wired, ...events]) {
          world.happen(each);
          const [kept, births] = [world.found(), world.births()];
          expect(kept).toEqual([...countingPoints(world.wanted, world.vpp.state)]);
          // A list that is still the same names the same interfaces.
          world.happen({ do: 'poll' });
          if (world.found() === kept) expect(world.births()).toBe(births);
        }
      }),
      {
        numRuns: 150,
        examples: [
          [
            [
              { do: 'plan', policed: true },
              { do: 'police', pick: 9, index: 0 },
              { do: 'delete', pick: 0 },
              { do: 'plan', policed: false },
            ],
          ],
        ],
      },
    );
  });

  it('are the same objects while polls say the same, and for the taps that are not concerned', () => {
    const world = new World();
    for (const each of [1, 2]) {
      world.happen({ do: 'service', n: each, port: 4 - each, removed: false, receipts: false });
      const rest = { direction: 'BOTH', target: { type: 'local' }, removed: false, filtered: false } as const;
      world.happen({ do: 'flow', n: each, of: each, port: each, ...rest });
    }
    world.wanted.deleteFlow(flowId(2));
    world.wanted.setFlow({ record: flow(2, 2, 4), revision: 9 });
    world.happen({ do: 'plug', n: 4 });
    world.happen({ do: 'plan', policed: false });
    const before = world.found();
    world.happen({ do: 'poll' });
    expect(world.found()).toBe(before);
    const [source] = world.vpp.state.interfaces.by('tag', `net-vpp.port:${portId(4)}`);
    world.vpp.toLayer3(source?.index ?? -1);
    const after = world.found();
    const isSame = after.map((points) => [points.id, before.includes(points)]);
    expect(new Map(isSame as [string, boolean][])).toEqual(
      new Map([
        [flowId(1), true],
        [flowId(2), false],
        [serviceId(1), true],
        [serviceId(2), false],
      ]),
    );
  });

  it('are those of now when something has happened while they were found', () => {
    const happening = fc.record({ event, steps: fc.nat(8) });
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 30 }), (events) => {
        const world = new World();
        for (const each of wired) world.happen(each);
        for (const each of events) {
          const during = world.found(each.steps, () => world.happen(each.event));
          expect(new Set(during.map(({ kind, id }) => `${kind}/${id}`)).size).toBe(during.length);
          expect(world.found()).toEqual([...countingPoints(world.wanted, world.vpp.state)]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('are found anew when another interface has the index of one that they name, though it looks the same', () => {
    const world = new World();
    world.happen({ do: 'service', n: 1, port: 2, removed: false, receipts: false });
    const before = world.found();
    const { interfaces, features } = world.vpp.state;
    const [port] = interfaces.by('tag', `net-vpp.port:${portId(2)}`);
    if (!port) throw new Error('there is no port');
    interfaces.delete(port.index);
    interfaces.put(port.index, port);
    features.put(port.index, null);
    expect(world.found()).not.toBe(before);
  });
});
