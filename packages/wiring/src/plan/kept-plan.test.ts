import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeFacts } from '../node-facts.js';
import { ChangingNode, type Event, event } from '../testing/changing-node.suite.js';
import { facts, service } from '../testing/records.js';
import { Wanted } from '../wanted/wanted.js';
import { KeptPlan } from './kept-plan.js';
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

describe('the plan that is kept', () => {
  it('is the one that would be made anew, whatever has happened', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(event, nodeFacts), { minLength: 1, maxLength: 30 }), (events) => {
        const node = new ChangingNode();
        const kept = new KeptPlan(node.vpp.state);
        for (const [each, known] of [...wired.map((one) => [one, factsWith({})] as const), ...events]) {
          node.happen(each);
          expect(kept.of(node.wanted, known, new Map())).toEqual(planNode(node.wanted, node.vpp.state, known));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is the same object while polls say the same, and none is kept of a pass in which a tap could not be seen', () => {
    const node = new ChangingNode();
    const kept = new KeptPlan(node.vpp.state);
    for (const each of wired) node.happen(each);
    const before = kept.of(node.wanted, factsWith({}), new Map());
    node.happen({ do: 'poll' });
    expect(kept.of(node.wanted, factsWith({}), new Map())).toBe(before);
    const blind = kept.of(node.wanted, factsWith({}), new Map([['mirror', 'it cannot be seen']]));
    expect(blind).not.toBe(before);
    expect(kept.of(node.wanted, factsWith({}), new Map())).not.toBe(blind);
  });

  it('is of just what is wanted: as many changes may have led elsewhere', () => {
    const node = new ChangingNode();
    const kept = new KeptPlan(node.vpp.state);
    const wantedOf = (port: number) => {
      const wanted = new Wanted();
      wanted.setService({ record: service(1, port), revision: 1 });
      return wanted;
    };
    for (const wanted of [wantedOf(1), wantedOf(2)])
      expect(kept.of(wanted, facts, new Map())).toEqual(planNode(wanted, node.vpp.state, facts));
  });
});
