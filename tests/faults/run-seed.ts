import { projectOf } from '../scenarios/mesh/mesh-model.js';
import type { Fault, Injected } from './catalogue/fault.js';
import type { FaultCloud } from './cloud/fault-cloud.js';
import { type Expected, expectedBy } from './guarantees/expected.js';
import { exactAtRest, frameGuarantees, givenIn } from './guarantees/frames.js';
import { restGuarantees } from './guarantees/rest.js';
import { type Planned, planFaults } from './plan.js';
import { Random } from './random.js';
import { ask } from './world/api.js';
import { load, mirrorLoad } from './world/api-load.js';
import { freeCollectors, freeSources, someMirrors, steadyMirrors, steadyTaps, World } from './world/world.js';

export interface SeedResult {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly broken: readonly Broken[];
  readonly log: readonly string[];
  /** Milliseconds in all, and from the last healing to rest. */
  readonly tookMs: number;
  readonly settledMs: number;
  readonly frames: number;
  readonly copies: number;
  readonly requests: number;
}

export interface Broken {
  readonly guarantee: string;
  readonly how: string;
}

/** How long everything may take to be as it should be, once everything has been healed. */
const patienceMs = 60_000;
const injectionPatienceMs = 20_000;

/**
 * One run: a mesh, traffic and users; faults; everything healed; every guarantee checked; everything deleted, and nothing
 * left. The seed decides what happens, the machine how it interleaves.
 * @param exactly the faults, if it is not the seed that picks them from `from`
 */
export async function runSeed(
  cloud: FaultCloud,
  seed: number,
  from: readonly Fault[],
  exactly?: readonly Fault[],
): Promise<SeedResult> {
  const started = cloud.clock.monotonic();
  const random = new Random(seed);
  const plan = planFaults(random.fork('faults'), from, exactly);
  const broken: Broken[] = [];
  const world = await World.start(cloud, seed, random.fork('mesh'));
  const run = new Run(world, broken);
  await run.through(plan, random);
  return {
    ...{ seed, broken, log: world.log, settledMs: run.settledMs },
    faults: plan.map(({ fault }) => fault.name),
    tookMs: cloud.clock.monotonic() - started,
    frames: world.traffic.sent.size,
    copies: world.traffic.received.length,
    requests: world.ledger.asked.length,
  };
}

/** Something did not come about; names the guarantee that is broken by that. */
class BrokenGuarantee extends Error {
  override readonly name = 'BrokenGuarantee';

  constructor(
    readonly guarantee: string,
    readonly how: string,
  ) {
    super(`${guarantee}: ${how}`);
  }
}

class Run {
  settledMs = 0;

  constructor(
    private readonly world: World,
    private readonly broken: Broken[],
  ) {}

  async through(plan: readonly Planned[], random: Random): Promise<void> {
    const { world } = this;
    const over = new AbortController();
    let talking: Promise<void> | undefined;
    try {
      await world.cloud.etcd.maintain();
      await this.#until('healthyBefore', async () => world.cloud.trouble());
      await this.#begin(random.fork('beginning'));
      talking = heldBack(this.#talk(over.signal));
      await this.#faults(plan, random);
      const healed = world.cloud.clock.monotonic();
      await this.#until('healthyAfter', async () => world.cloud.trouble());
      const expected = await this.#atRest();
      this.settledMs = world.cloud.clock.monotonic() - healed;
      const from = await this.#moreBatches(talking, over);
      talking = undefined;
      await this.#judgeFrames(expected, from);
      await this.#end();
    } catch (error) {
      this.#broke(error);
    } finally {
      over.abort();
      await talking?.catch((error: unknown) => this.#broke(error));
    }
  }

  /** What nobody has thought of breaks a run too: a switch that ends by itself, a request that fails without a fault. */
  #broke(error: unknown): void {
    const how = error instanceof Error ? `${error.stack ?? error.message} ${error.cause ?? ''}` : String(error);
    this.broken.push(
      error instanceof BrokenGuarantee
        ? { guarantee: error.guarantee, how: error.how }
        : { guarantee: 'noSurprise', how },
    );
  }

  /** Taps that stay as they are, and some that do not. */
  async #begin(random: Random): Promise<void> {
    const { world } = this;
    for (const { source, collector } of steadyTaps) {
      const service = await world.createService(collector, 0);
      const flow = await world.createFlow(service, source, random.pick(['IN', 'OUT', 'BOTH'] as const), 1);
      world.steady.push({ tap: flow, from: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY });
    }
    for (const collector of freeCollectors)
      if (random.chance(0.6)) await world.createService(collector, random.int(0, 1));
    for (const port of freeSources) {
      const services = world.ledger.living('tap_services').filter(({ project }) => project === projectOf(port));
      if (random.chance(0.7)) await world.createFlow(random.pick(services), port, 'BOTH', random.int(0, 1));
    }
    const own = random.fork('mirrors');
    for (const port of steadyMirrors) {
      const type = own.pick(world.cloud.mirrorTypes);
      const mirror = await world.createMirror(port, type, own.pick(someMirrors), own.int(0, 1));
      world.steady.push({ tap: mirror, from: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY });
    }
    await this.#atRest();
    for (const time of world.steady) time.from = world.traffic.next;
  }

  /** Injects what is planned, each for its time, while users go on; and heals everything. */
  async #faults(plan: readonly Planned[], random: Random): Promise<void> {
    const { world } = this;
    const { clock } = world.cloud;
    const over = new AbortController();
    const using = heldBack(
      Promise.all([
        load(world, random.fork('load'), over.signal),
        mirrorLoad(world, random.fork('mirror-load'), over.signal),
      ]),
    );
    try {
      await Promise.all(
        plan.map(async ({ fault, afterMs, holdMs, random: own }) => {
          await clock.sleep(afterMs);
          const injected = await this.#inject(fault, own);
          world.note(`fault ${fault.name}: ${injected.on}`);
          await clock.sleep(holdMs);
          await this.#heal(fault, injected);
        }),
      );
    } finally {
      over.abort();
      await using;
    }
  }

  /** Other faults may stand in the way of this one, so it is tried again for a while. */
  async #inject(fault: Fault, random: Random): Promise<Injected> {
    const { world } = this;
    const { clock } = world.cloud;
    const deadline = clock.monotonic() + injectionPatienceMs;
    for (;;) {
      try {
        return await fault.inject(world, random);
      } catch (error) {
        if (clock.monotonic() > deadline) throw new Error(`${fault.name} could not be made`, { cause: error });
        world.note(`${fault.name} could not be made yet: ${error}`);
      }
      await clock.sleep(100);
    }
  }

  async #heal(fault: Fault, injected: Injected): Promise<void> {
    await this.#until('healthyAfter', async () => {
      try {
        await injected.heal();
        return null;
      } catch (error) {
        return `${fault.name} cannot be healed: ${error}`;
      }
    });
    this.world.note(`healed ${fault.name}`);
  }

  /** Waits until all that must be true at rest is true at the same time. */
  async #atRest(): Promise<Expected> {
    const { world } = this;
    let expected: Expected | undefined;
    let guarantee = 'acceptedIsThere';
    await this.#until(
      () => guarantee,
      async () => {
        try {
          expected = await expectedBy(world, 0);
          for (const [name, check] of Object.entries(restGuarantees)) {
            guarantee = name;
            const wrong = await check(world, expected);
            if (wrong !== null) return wrong;
          }
          return null;
        } catch (error) {
          return `cannot be judged: ${error}`;
        }
      },
    );
    if (expected === undefined) throw new Error('at rest, and nobody knows how');
    return expected;
  }

  /** Everybody sends until `signal` aborts. */
  async #talk(signal: AbortSignal): Promise<void> {
    const { cloud } = this.world;
    const [each, pauseMs] = cloud.kind === 'sim' ? [1, 10] : [5, 50];
    while (!signal.aborted) {
      await this.world.talk(each);
      await cloud.clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  /** @returns the first frame that was sent at rest, when enough have been sent since */
  async #moreBatches(talking: Promise<void>, over: AbortController): Promise<number> {
    const { traffic, cloud } = this.world;
    const first = traffic.next;
    // The first to a node that was away may wait for an address there, and be dropped (ARP).
    await this.#until('ownTrafficArrives', async () => (traffic.settled > first ? null : 'nobody sends'));
    const from = traffic.next;
    await this.#until('ownTrafficArrives', async () => (traffic.settled > from + 60 ? null : 'nobody sends'));
    over.abort();
    await talking;
    await cloud.clock.sleep(cloud.kind === 'sim' ? 10 : 100);
    return from;
  }

  async #judgeFrames({ model }: Expected, from: number): Promise<void> {
    const { world } = this;
    for (const station of world.traffic.listeners()) await world.traffic.unlisten(station);
    const given = givenIn(world);
    const found: [string, string | null][] = [
      ...Object.entries(frameGuarantees).map(([name, check]): [string, string | null] => [name, check(world, given)]),
      ['exactAtRest', exactAtRest(world, given, model, from)],
    ];
    for (const [guarantee, how] of found) if (how !== null) this.broken.push({ guarantee, how });
  }

  /** Everything is deleted, by users and by Neutron: nothing of it may be left anywhere. */
  async #end(): Promise<void> {
    const { world } = this;
    const { cloud } = world;
    await this.#until('nothingIsLeft', async () => {
      const { taps } = await expectedBy(world, 0).catch(() => ({ taps: undefined }));
      if (taps === undefined) return 'the API cannot list';
      for (const { kind, shown, asked } of taps) {
        if (shown.status === 'PENDING_DELETE') continue;
        await ask(cloud, 0, 'DELETE', `${kind}/${shown.id}`, asked?.project ?? 'project-a');
      }
      return taps.length === 0 ? null : `${taps.map(({ shown }) => `${shown.name} ${shown.status}`).join(', ')} stay`;
    });
    await world.clear();
    await this.#until('nothingIsLeft', async () => {
      const expected = await expectedBy(world, 0);
      for (const check of Object.values(restGuarantees)) {
        const wrong = await check(world, { ...expected, model: expected.model }).catch((error: unknown) =>
          String(error),
        );
        if (wrong !== null && !/was accepted and is lost/.test(wrong)) return wrong;
      }
      return null;
    });
    await cloud.etcd.compact();
  }

  async #until(guarantee: string | (() => string), condition: () => Promise<string | null>): Promise<void> {
    const { clock } = this.world.cloud;
    const deadline = clock.monotonic() + patienceMs;
    for (;;) {
      const wrong = await condition();
      if (wrong === null) return;
      if (clock.monotonic() > deadline)
        throw new BrokenGuarantee(typeof guarantee === 'string' ? guarantee : guarantee(), wrong);
      await clock.sleep(30);
    }
  }
}

/** Work beside other work: if it fails, whoever waits for it in the end is told, and the process does not end before. */
function heldBack<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
