import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ourObjects } from '../../scenarios/neighbour-agent.js';
import { type Vm, type Vms, waiting } from '../lab/vms.js';

/** Ports that are deleted in Neutron while they are tapped. */
export function describeDeletions(lab: () => Vms): void {
  describe('a tapped port that is deleted', () => {
    let network: string;
    let collector: Vm;
    let source: Vm;
    let service: string;
    let flow: string;

    afterAll(async () => {
      await lab().removeAllTaps();
      await lab().cloud.guests.shutDown();
    });
    beforeAll(async () => {
      const vms = lab();
      network = await vms.network('deletions');
      collector = await vms.vm(await vms.network('deletions-collectors'), 'node-b');
      service = await vms.service(collector);
    });
    beforeEach(async () => {
      const vms = lab();
      source = await vms.vm(network, 'node-a');
      flow = await vms.flow(service, source, 'both');
    });

    const node = () => lab().cloud.node('node-a');
    const mirrors = async () => (await ourObjects(node().vpp)).filter((each) => each.startsWith('mirror '));
    const untilGone = () =>
      vi.waitFor(async () => {
        expect(await mirrors()).toEqual([]);
        await expect(lab().shown(flow)).rejects.toThrow('404');
      }, waiting);
    /** Whoever gets its index is not copied. */
    const expectStrangerUncopied = async (index: number) => {
      const vms = lab();
      const stranger = await vms.vm(network, 'node-a');
      const made = await node().vpp.port(stranger.id);
      await vms.expectAt(
        collector,
        `nothing of a stranger with index ${made?.sw_if_index}, after ${index}`,
        async () => {
          await stranger.guest.send(vms.frames(50));
          return [];
        },
      );
      await vms.remove(stranger);
      return made?.sw_if_index === index;
    };
    const indexOf = async (id: string) => (await node().vpp.port(id))?.sw_if_index ?? -1;

    it("by its user: the tap goes with it, and the port's successor is not copied", async () => {
      const vms = lab();
      const index = await indexOf(source.id);
      await vms.remove(source);
      await untilGone();
      expect(await node().vpp.port(source.id)).toBeUndefined();
      console.log(`its index went to the stranger: ${await expectStrangerUncopied(index)}`);
    });

    it('straight at Neutron, past us: the same', async () => {
      const vms = lab();
      const index = await indexOf(source.id);
      await vms.neutron('DELETE', `ports/${source.id}`);
      await vi.waitFor(async () => expect(await node().vpp.port(source.id)).toBeUndefined(), waiting);
      await expectStrangerUncopied(index);
      await untilGone();
      await source.guest.shutDown();
    });

    it("while networking-vpp's agent is down: copies end all the same, and the interface stays in VPP for good", async () => {
      const vms = lab();
      await node().neighbour.stop();
      try {
        const since = vms.cloud.clock.monotonic();
        await vms.neutron('DELETE', `ports/${source.id}`);
        await untilGone();
        console.log(`copies ended ${Math.round(vms.cloud.clock.monotonic() - since)} ms after the deletion`);
        await vms.expectAt(collector, 'nothing of a port that Neutron has no more', async () => {
          await source.guest.send(vms.frames(50));
          return [];
        });
      } finally {
        await node().neighbour.start();
      }
      // Its agent finds the port by its tag, and unbinds only what it has bound itself since it started.
      const other = await vms.vm(network, 'node-a');
      expect(await node().vpp.port(source.id)).toMatchObject({ tag: `net-vpp.port:${source.id}` });
      await vms.remove(other);
      await source.guest.shutDown();
    });
  });
}
