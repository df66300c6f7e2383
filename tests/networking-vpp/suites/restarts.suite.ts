import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourObjects } from '../../scenarios/neighbour-agent.js';
import { during } from '../lab/talk.js';
import { theirObjects } from '../lab/their-objects.js';
import type { Vm, Vms } from '../lab/vms.js';

/** Copies that may be missing, by time: what issue 11 promises. */
const boundMs = 1_000;

/** networking-vpp's agents are stopped, killed, and made to read all of etcd again, while VMs talk. */
export function describeRestarts(lab: () => Vms): void {
  describe("networking-vpp's agent starts again under traffic", () => {
    let source: Vm;
    let near: Vm;
    let collector: Vm;
    let service: string;

    afterAll(async () => {
      await lab().removeAllTaps();
      await lab().cloud.guests.shutDown();
    });
    beforeAll(async () => {
      const vms = lab();
      const network = await vms.network('restarts');
      collector = await vms.vm(await vms.network('restarts-collectors'), 'node-b');
      source = await vms.vm(network, 'node-a');
      near = await vms.vm(network, 'node-b');
      service = await vms.service(collector);
      await vms.flow(service, source, 'out');
    });

    const everything = () =>
      Promise.all(
        lab().cloud.allNodes.map(async ({ vpp }) => ({ ours: await ourObjects(vpp), theirs: await theirObjects(vpp) })),
      );
    /** What happens on both nodes leaves no trace in VPP, and no copy is missing for longer than it may. */
    const expectUnharmed = async (what: string, happen: () => Promise<void>) => {
      const vms = lab();
      const before = await everything();
      expect(before.map(({ ours }) => ours.length)).not.toContain(0);
      const gap = await during(vms, { source, collector }, happen);
      console.log(`${what}: ${gap.missing} of ${gap.sent} copies are missing, over ${gap.ms} ms`);
      expect(gap).toMatchObject({ duplicated: 0, foreign: [] });
      expect(gap.ms).toBeLessThanOrEqual(boundMs);
      expect(await everything()).toEqual(before);
      await vms.expectCopies(collector, source, near, 'out');
    };
    /** It has looked at each of its ports again when it has told of all that are up. */
    const hasResynced = (node: string) => {
      const { etcd } = lab().cloud;
      const ports = [source, near, collector].filter((vm) => vm.node === node).map(({ id }) => id);
      return expect
        .poll(async () => Object.keys(await etcd.list(`/networking-vpp/state/${node}/ports`)), { timeout: 30_000 })
        .toEqual(expect.arrayContaining(ports.map((id) => `/networking-vpp/state/${node}/ports/${id}`)));
    };

    for (const signal of ['SIGTERM', 'SIGKILL'] as const)
      it(`after ${signal}, on one node after the other`, async () => {
        await expectUnharmed(`its agents ended by ${signal}`, async () => {
          for (const { name, neighbour } of lab().cloud.allNodes) {
            await neighbour.stop(signal);
            await neighbour.start();
            await hasResynced(name);
          }
        });
      });

    it('it lost track of etcd, and reads everything again', async () => {
      const { cloud } = lab();
      const from = cloud.allNodes.map(({ neighbour }) => neighbour.log().length);
      await expectUnharmed('its agents read all of etcd again', async () => {
        for (const { neighbour } of cloud.allNodes) neighbour.freeze();
        // etcd remembers a thousand events.
        for (let n = 0; n < 1_100; n += 1) await cloud.etcd.put('/networking-vpp/election/of-the-tests', String(n));
        for (const [n, { neighbour }] of cloud.allNodes.entries()) {
          neighbour.thaw();
          await expect
            .poll(() => neighbour.log().slice(from[n]), { timeout: 90_000, interval: 500 })
            .toMatch(/port_watcher: resyncing in full/);
        }
      });
    });
  });
}
