import { systemClock } from '@taas/service';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keysOfTaps, restartAgentAndLook } from './at-rest.js';
import { garbage, plant } from './mesh/garbage.js';
import { leftOfOurs } from './mesh/left-of-ours.js';
import { mesh } from './mesh/mesh-events.js';
import { MeshWorld } from './mesh/mesh-world.js';
import { pictureOf } from './mesh/picture.js';
import { simulatorOf } from './simulator-of.js';

/** Whatever happens in whatever order, it ends as it should, and then nobody writes. */
export function describeRandomMeshes(): void {
  /** A failure names its seed and path: `fc.assert(..., { seed, path })` repeats it. */
  it('in any mesh, whatever happens in whatever order, each packet arrives exactly once where it should', async () => {
    let copies = 0;
    let crossings = 0;
    // The property means something only if there were taps, on nodes and between them: a busy machine takes longer for them.
    const isEnough = () => copies > 20 && crossings > 5;
    const end = systemClock.monotonic() + 28_000;
    await fc.assert(
      fc.asyncProperty(mesh, async (wanted) => {
        if (systemClock.monotonic() > end && isEnough()) return;
        const world = await MeshWorld.start(wanted);
        try {
          for (const batch of wanted.batches) {
            world.newBatch();
            for (const event of batch) await world.happen(event);
            await world.settled();
            copies += world.model.activeFlows().length;
            crossings += world.model.activeFlows().filter((flow) => world.model.crosses(flow)).length;
            const writes = world.writes();
            // At rest means at rest: it stays right, and nobody touches the switches.
            expect(await world.wrongTraffic()).toBeNull();
            expect(world.writes()).toEqual(writes);
          }
          const writes = world.writes();
          for (const { name } of world.cloud.nodes) await restartAgentAndLook(world.cloud, name);
          expect(world.writes()).toEqual(writes);
          expect(await world.wrongTraffic()).toBeNull();
          await world.deleteEverything();
          await world.settled();
          for (const { switch: lab } of world.cloud.nodes) expect(leftOfOurs(simulatorOf(lab).dumpState())).toEqual([]);
          await world.cloud.until(
            'etcd has nothing of a tap',
            async () => (await keysOfTaps(world.cloud)).length === 0,
          );
        } finally {
          await world.cloud.stop();
        }
      }),
      { numRuns: 150 },
    );
    expect({ copies, crossings }).toSatisfy(isEnough);
  }, 240_000);

  const starting = fc.record({
    transport: fc.constantFrom('vlan' as const, 'vxlan' as const),
    /** Whether the switches begin empty, or with all in place, before the garbage comes. */
    empty: fc.boolean(),
    litter: fc.array(fc.record({ node: fc.nat(1), piece: garbage }), { minLength: 1, maxLength: 8 }),
  });

  it('from whatever a switch holds, an agent comes to the same wiring, and then writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(starting, async ({ transport, empty, litter }) => {
        const world = await MeshWorld.start({ nodes: 2, transport, places: [0, 1, 0, 1, 0, 1], batches: [] });
        const { cloud, model } = world;
        const names = cloud.nodes.map(({ name }) => name);
        const states = () => names.map((name) => pictureOf(simulatorOf(cloud.node(name).switch).dumpState()));
        try {
          await world.happen({ do: 'create-service', port: 2 });
          await world.happen({ do: 'create-service', port: 3 });
          await world.happen({ do: 'create-flow', nth: 0, port: 0, direction: 'BOTH' });
          await world.happen({ do: 'create-flow', nth: 0, port: 1, direction: 'IN' });
          await world.happen({ do: 'create-flow', nth: 1, port: 0, direction: 'OUT' });
          await world.settled();
          const wanted = states();
          for (const name of names) await cloud.node(name).agent.stop();
          if (empty) for (const name of names) await cloud.node(name).switch.restart();
          const ids = { services: [...model.services.keys()], flows: [...model.flows.keys()] };
          for (const [n, name] of names.entries()) {
            const pieces = litter.filter(({ node }) => node === n).map(({ piece }) => piece);
            await plant(simulatorOf(cloud.node(name).switch), pieces, ids);
          }
          for (const name of names) await cloud.node(name).agent.start();
          await world.settled(true);
          expect(states()).toEqual(wanted);
          const writes = world.writes();
          for (const name of names) await restartAgentAndLook(cloud, name);
          expect(world.writes()).toEqual(writes);
          expect(await world.wrongTraffic()).toBeNull();
        } finally {
          await cloud.stop();
        }
      }),
      { numRuns: 100, interruptAfterTimeLimit: 18_000, markInterruptAsFailure: false },
    );
  }, 60_000);
}
