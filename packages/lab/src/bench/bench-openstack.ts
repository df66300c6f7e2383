import type { BenchContext } from './bench-context.js';
import type { BenchResult, Figure } from './bench-result.js';
import { type OpenStackPeer, startOpenStackPeer } from './openstack-peer.js';
import { memoryOf, memoryOfGroup } from './process-memory.js';
import { startServerIn } from './server-in-openstack.js';
import { type Outcome, TapLoad } from './tap-load.js';

/** Flows that a list shows; as many are created, shown and deleted in a round. */
const flowCount = 200;
const lists = { one: 25, many: 50 };
const many = 8;
const rounds = 3;
/** Rounds that do not count: a server that has been up for a while has its code translated. */
const warmUps = 2;

/** Of the peer's rate in the same run. */
const targets: Readonly<Record<string, number>> = {
  'create, 1 client': 5,
  'list of 200, 1 client': 20,
  'show, 1 client': 10,
  'delete, 1 client': 5,
  'create, 8 clients': 10,
};

/**
 * Our server beside a real Neutron with upstream's TaaS plugin: the same requests by the same clients, in turns, with one
 * Keystone and one Neutron that knows the ports. Ours asks both as it does in a cloud, and keeps its records in an etcd.
 */
export async function benchOpenStack(context: BenchContext): Promise<BenchResult> {
  context.say('openstack: Keystone and Neutron (about half a minute) ...');
  const peer = await startOpenStackPeer();
  try {
    context.say(`openstack: ${flowCount + 1} ports in Neutron ...`);
    const [collector = '', ...sources] = await peer.makePorts(flowCount + 1);
    const server = await startServerIn(peer, context);
    const sides = [
      new TapLoad('Neutron', peer.neutronUrl, context.clock),
      new TapLoad('ours', server.url, context.clock),
    ] as const;
    try {
      const tally = new Tally();
      for (const side of sides) {
        side.connect(await peer.token(), many);
        await side.makeService(collector);
      }
      for (let round = 1 - warmUps; round <= rounds; round += 1) {
        context.say(`openstack: ${round < 1 ? 'warming up' : `round ${round} of ${rounds}`} ...`);
        await oneRound(sides, sources, round < 1 ? new Tally() : tally);
      }
      const memory = memoryOf(server.pid);
      return { bench: 'openstack', figures: figures(tally, memory.mostMegabytes), notes: notes(peer) };
    } finally {
      for (const side of sides) side.close();
      await server.stop();
    }
  } finally {
    await peer.stop();
  }
}

type Sides = readonly [TapLoad, TapLoad];

async function oneRound(sides: Sides, sources: readonly string[], tally: Tally): Promise<void> {
  const measure = async (what: string, run: (side: TapLoad) => Promise<Outcome>): Promise<void> => {
    for (const side of sides) tally.add(what, side, await run(side));
  };
  await measure('create, 1 client', (side) => side.create(sources, 1));
  const ids = new Map<TapLoad, string[]>();
  for (const side of sides) ids.set(side, await side.ids());
  const idsOf = (side: TapLoad) => ids.get(side) ?? [];
  await measure('list of 200, 1 client', (side) => side.list(lists.one, 1));
  await measure('show, 1 client', (side) => side.show(idsOf(side), 1));
  await measure('list of 200, 8 clients', (side) => side.list(lists.many, many));
  await measure('show, 8 clients', (side) => side.show(idsOf(side), many));
  await measure('delete, 1 client', (side) => side.remove(idsOf(side), 1));
  await measure('create, 8 clients', (side) => side.create(sources, many));
  // A database that is busy refuses: what is there now is less than was asked for.
  for (const side of sides) ids.set(side, await side.ids());
  await measure('delete, 8 clients', (side) => side.remove(idsOf(side), many));
  for (const side of sides) await side.remove(await side.ids(), 1);
}

/** What has been measured, by operation and side. */
class Tally {
  readonly #outcomes = new Map<string, Map<string, Outcome[]>>();

  add(what: string, side: TapLoad, outcome: Outcome): void {
    const sides = this.#outcomes.get(what) ?? new Map<string, Outcome[]>();
    sides.set(side.name, [...(sides.get(side.name) ?? []), outcome]);
    this.#outcomes.set(what, sides);
  }

  operations(): IterableIterator<string> {
    return this.#outcomes.keys();
  }

  /** Requests a second that did what they were for, over all rounds. */
  rate(what: string, side: string): number {
    const outcomes = this.#of(what, side);
    return sum(outcomes, ({ done }) => done) / sum(outcomes, ({ seconds }) => seconds);
  }

  errors(what: string, side: string): number {
    return sum(this.#of(what, side), ({ errors }) => errors);
  }

  #of(what: string, side: string): readonly Outcome[] {
    return this.#outcomes.get(what)?.get(side) ?? [];
  }
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function figures(tally: Tally, megabytes: number): Figure[] {
  const rows = [...tally.operations()].flatMap((what): Figure[] => {
    const [neutrons, ours] = [tally.rate(what, 'Neutron'), tally.rate(what, 'ours')];
    const target = targets[what];
    return [
      { what: `${what}: Neutron`, value: neutrons, unit: '/s' },
      { what: `${what}: ours`, value: ours, unit: '/s' },
      {
        what: `${what}: ours to Neutron's`,
        value: ours / neutrons,
        unit: 'times',
        ...(target === undefined ? {} : { target: { kind: 'at-least', value: target } }),
      },
    ];
  });
  const errors = (side: string) => sum([...tally.operations()], (what) => tally.errors(what, side));
  return [
    ...rows,
    { what: 'errors: Neutron', value: errors('Neutron'), unit: '' },
    { what: 'errors: ours', value: errors('ours'), unit: '', target: { kind: 'at-most', value: 0 } },
    {
      what: 'memory of our server, the most at any time',
      value: megabytes,
      unit: 'MB',
      target: { kind: 'at-most', value: 150 },
    },
  ];
}

function notes({ pids }: OpenStackPeer): string[] {
  const { processes, megabytes } = memoryOfGroup(pids.neutron);
  return [
    `${rounds} rounds after ${warmUps} that do not count, the two sides in turns; ${flowCount} flows of as many ports in one tap service`,
    'a rate counts what succeeded; each side has a token of its own for the whole run, and ours forgets the ports between rounds',
    `Neutron: ${processes} processes, ${Math.round(megabytes)} MB together (what they share counted for each), SQLite; ours: etcd, one member`,
  ];
}
