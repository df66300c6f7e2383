import { silentLogger, systemClock } from '@taas/service';
import { createSnapshot, featureBits, Wanted, type WatchedItem } from '@taas/wiring';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChangedItems } from './changed-items.js';

const id = (kind: string, n: number) => `${kind.repeat(8)}-0000-4000-8000-${String(n).padStart(12, '0')}`;
const alive = { input: featureBits.inputSpan, output: 0 };

/** A node with a flow from each of so many ports, and a VPP that is asked for their features. */
import { Contained } from '../contained.js';

const contained = new Contained({ logger: silentLogger, counters: { failures: 0 } });
class Node {
  readonly snapshot = createSnapshot();
  readonly wanted = new Wanted();
  readonly quiet = new ChangedItems(this.snapshot, contained, systemClock);
  /** Sources whose mirrors somebody has switched off. */
  readonly off = new Set<number>();
  asked: number[] = [];
  readonly reader;

  constructor(flows: number, hasManySpans: boolean) {
    for (let n = 1; n <= flows; n++) {
      const tag = `net-vpp.port:${id('a', n)}`;
      const same = { name: `p${n}`, supIndex: n, tag, adminUp: true, linkUp: true, vlan: null, rewrite: 0 };
      this.snapshot.interfaces.put(n, { ...same, index: n, subId: 0, mac: '' });
      this.snapshot.features.put(n, alive);
      const common = { v: 1, project_id: 'p', vlan_filter: null, direction: 'BOTH' } as const;
      const of = { tap_service_id: id('5', 1), source_port: id('a', n), target: { type: 'local' } } as const;
      this.wanted.setFlow({ record: { ...common, ...of, id: id('f', n), filter: [] }, revision: n });
    }
    const readItems = async (items: readonly WatchedItem[]): Promise<void> => {
      this.asked.push(items.length);
      for (const item of items)
        if (item.of === 'source') this.snapshot.features.put(item.index, this.off.has(item.index) ? null : alive);
    };
    this.reader = { hasManySpans, readItems, readSpans: async () => undefined };
  }

  /** Flows that are found to be concerned by all polls of a round. */
  async round(): Promise<string[]> {
    const found = new Set<string>();
    for (let n = 0; n < Math.max(this.quiet.pollsAPass, 1); n++)
      for (const flow of (await this.quiet.changes(this.wanted, this.reader)).taps.flows) found.add(flow);
    return [...found];
  }
}

it('finds each change within a round of polls, of which none covers more than a part, and none is found twice', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2000 }),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 5 }),
      async (flows, manySpans, changes) => {
        const node = new Node(flows, manySpans);
        // The first round finds out how long a round is.
        for (let n = 0; n < 8; n++) expect(await node.round()).toEqual([]);
        const first = node.asked.length;
        for (const change of changes) node.off.add(1 + (change % flows));
        const found = [...(await node.round()), ...(await node.round())];
        expect(found.sort()).toEqual([...node.off].map((n) => id('f', n)).sort());
        expect(Math.max(...node.asked)).toBeLessThanOrEqual(400);
        expect(node.asked.length - first).toBeLessThanOrEqual(2 * Math.ceil((flows + 1) / 400));
      },
    ),
    { numRuns: 30 },
  ));

it('finds what somebody else has read meanwhile, and what is undone again as soon as it was mended', async () => {
  const node = new Node(1, false);
  for (let n = 0; n < 2; n++) expect(await node.round()).toEqual([]);
  node.off.add(1);
  node.snapshot.features.put(1, null);
  expect(await node.round()).toEqual([id('f', 1)]);
  expect(await node.round()).toEqual([]);
  // Mended, which was read back, and undone before the next poll.
  node.snapshot.features.put(1, alive);
  expect(await node.round()).toEqual([id('f', 1)]);
});

it('looks again at whoever goes by a way that it has not seen before, since an event may have told of it already', async () => {
  const node = new Node(1, false);
  const ways = { mirror_type: 'erspanv1', local: '10.0.0.1', remote: '198.51.100.9', directions: { BOTH: 1 } } as const;
  const record = { v: 1, id: id('e', 1), project_id: 'p', port_id: id('a', 1), mtu: null, ...ways } as const;
  node.wanted.mirrors.set({ record, revision: 9 });
  const look = async () => [...(await node.quiet.changes(node.wanted, node.reader)).taps.mirrors];
  expect([await look(), await look()]).toEqual([[record.id], []]);
});
