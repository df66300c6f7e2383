import fc from 'fast-check';
import { expect, it } from 'vitest';
import { leftOfOurs } from './mesh/left-of-ours.js';
import { mesh } from './mesh/mesh-events.js';
import { MeshWorld } from './mesh/mesh-world.js';

/** A failure names its seed and path: `fc.assert(..., { seed, path })` repeats it. */
it('in any mesh, whatever happens in whatever order, each packet arrives exactly once where it should', async () => {
  let copies = 0;
  let crossings = 0;
  await fc.assert(
    fc.asyncProperty(mesh, async (wanted) => {
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
        for (const node of world.cloud.switches.keys()) await world.cloud.restartAgentAndLook(node);
        expect(world.writes()).toEqual(writes);
        expect(await world.wrongTraffic()).toBeNull();
        await world.deleteEverything();
        await world.settled();
        for (const each of world.cloud.switches.values()) expect(leftOfOurs(each.simulator.dumpState())).toEqual([]);
        await world.cloud.until('etcd has nothing of a tap', async () => (await world.cloud.keysOfTaps()).length === 0);
      } finally {
        await world.cloud.stop();
      }
    }),
    { numRuns: 150, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: false, verbose: 1 },
  );
  // The property means something only if there were taps, on nodes and between them.
  console.log(copies, crossings);
  expect(copies).toBeGreaterThan(50);
  expect(crossings).toBeGreaterThan(20);
}, 60_000);
