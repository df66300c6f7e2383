import { atOnce, type Sliced } from '@taas/service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeFacts } from '../node-facts.js';
import { ChangingNode, type Event, event } from '../testing/changing-node.suite.js';
import { facts, service } from '../testing/records.js';
import { Wanted } from '../wanted/wanted.js';
import { NodePlanner } from './node-planner.js';
import { planNode } from './plan-node.js';

const wired: Event[] = [
  { do: 'service', n: 1, port: 2, removed: false, receipts: true },
  {
    ...{ do: 'flow', n: 1, of: 1, port: 1, direction: 'BOTH', target: { type: 'local' } },
    ...{ removed: false, filtered: false },
  },
  { do: 'mirror', n: 1, port: 3, removed: false },
  { do: 'plan', policed: false },
];
/** As each pass makes them: other objects, whatever they say. */
const factsWith = (more: Partial<NodeFacts>): NodeFacts => ({
  ...facts,
  uplinks: new Map(facts.uplinks),
  overload: { thinned: new Map(), suspended: new Map() },
  noCopies: new Map(),
  ...more,
});
const nodeFacts = fc.constantFrom(
  factsWith({}),
  factsWith({ policedKbps: 1000 }),
  factsWith({ overload: { thinned: new Map(), suspended: new Map([['taas.flow', 'too much']]) } }),
  factsWith({ noCopies: new Map([['taas.entry', []]]) }),
);

/** Nobody has a turn between the slices. */
const alone = async <T>(work: Sliced<T>): Promise<T> => atOnce(work);

/** Lets others have their turn before the step with this number, if there is one. */
class Interrupted {
  #others: { readonly at: number; readonly turn: () => void } | null = null;

  next(at: number, turn: () => void): void {
    this.#others = { at, turn };
  }

  readonly inSlices = async <T>(work: Sliced<T>): Promise<T> => {
    const others = this.#others;
    this.#others = null;
    for (let n = 0; ; n += 1) {
      if (n === others?.at) others.turn();
      const step = work.next();
      if (step.done) return step.value;
    }
  };
}

describe('the plan of all taps', () => {
  it('is the one that would be made anew, whatever has happened, between its slices too', async () => {
    const slices = { met: 0, asked: 0 };
    const happening = fc.record({
      before: event,
      known: nodeFacts,
      between: fc.array(event, { maxLength: 2 }),
      at: fc.nat({ max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 20 }), async (events) => {
        const node = new ChangingNode();
        const interrupted = new Interrupted();
        const planner = new NodePlanner(node.vpp.state, interrupted.inSlices);
        const beginning = wired.map((before) => ({ before, known: factsWith({}), between: [], at: 0 }));
        for (const { before, known, between, at } of [...beginning, ...events]) {
          node.happen(before);
          slices.asked += 1;
          interrupted.next(at, () => {
            slices.met += 1;
            for (const each of between) node.happen(each);
          });
          const { wanted } = node;
          expect(await planner.all(wanted, known, new Map())).toEqual(planNode(wanted, node.vpp.state, known));
        }
      }),
      { numRuns: 150 },
    );
    expect(slices.met).toBeGreaterThan(slices.asked / 10);
  });

  it('is the same object while polls say the same, and none is kept of a pass in which a tap could not be seen', async () => {
    const node = new ChangingNode();
    const planner = new NodePlanner(node.vpp.state, alone);
    for (const each of wired) node.happen(each);
    const before = await planner.all(node.wanted, factsWith({}), new Map());
    node.happen({ do: 'poll' });
    expect(await planner.all(node.wanted, factsWith({}), new Map())).toBe(before);
    const blind = await planner.all(node.wanted, factsWith({}), new Map([['mirror', 'it cannot be seen']]));
    expect(blind).not.toBe(before);
    expect(await planner.all(node.wanted, factsWith({}), new Map())).not.toBe(blind);
  });

  it('is of just what is wanted: as many changes may have led elsewhere', async () => {
    const node = new ChangingNode();
    const planner = new NodePlanner(node.vpp.state, alone);
    const wantedOf = (port: number) => {
      const wanted = new Wanted();
      wanted.setService({ record: service(1, port), revision: 1 });
      return wanted;
    };
    for (const wanted of [wantedOf(1), wantedOf(2)])
      expect(await planner.all(wanted, facts, new Map())).toEqual(planNode(wanted, node.vpp.state, facts));
  });

  it('is made at once when what threw between two slices was of a node that has changed', async () => {
    const node = new ChangingNode();
    for (const each of wired) node.happen(each);
    const changing = new NodePlanner(node.vpp.state, async () => {
      node.happen({ do: 'service', n: 2, port: 4, removed: false, receipts: false });
      throw new Error('half of it was of before');
    });
    const plan = await changing.all(node.wanted, factsWith({}), new Map());
    expect(plan).toEqual(planNode(node.wanted, node.vpp.state, factsWith({})));
    expect(await changing.all(node.wanted, factsWith({}), new Map())).toBe(plan);
    const failing = new NodePlanner(node.vpp.state, async () => {
      throw new Error('it cannot be planned');
    });
    await expect(failing.all(node.wanted, factsWith({}), new Map())).rejects.toThrow('it cannot be planned');
  });
});
