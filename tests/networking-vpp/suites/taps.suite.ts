import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Vm, Vms } from '../lab/vms.js';

/** Ports that the driver binds and the agent wires, and taps between them. */
export function describeTaps(lab: () => Vms): void {
  describe("taps on ports that networking-vpp's driver binds and its agent wires", () => {
    let network: string;
    let near: Vm;
    let far: Vm;
    let collector: Vm;

    afterAll(() => lab().cloud.guests.shutDown());
    afterEach(() => lab().removeAllTaps());
    beforeAll(async () => {
      const vms = lab();
      network = await vms.network('tapped');
      collector = await vms.vm(await vms.network('collectors'), 'node-b');
      near = await vms.vm(network, 'node-b');
      far = await vms.vm(network, 'node-a');
    });

    it('a port is tagged, bridged with the VLAN of its network, and up only once its VM has connected', async () => {
      const vms = lab();
      const { vpp } = vms.cloud.node('node-a');
      const uplink = (await vpp.interfaces()).filter(({ tag }) => tag.startsWith('net-vpp.uplink:'));
      expect(uplink.map(({ tag }) => tag)).toEqual([expect.stringMatching(/^net-vpp\.uplink:physnet1\.vlan\.\d+$/)]);
      const { id } = await vms.port(network, 'node-a');
      const made = await vpp.port(id);
      expect(made?.flags).toBe(0);
      expect(await vpp.cli(`show bridge-domain ${uplink[0]?.sw_if_index} detail`)).toContain(made?.interface_name);
      await vms.cloud.users.must('alice', `port delete ${id}`);
    });

    it('VMs reach each other on a node and between nodes without any tap', async () => {
      const vms = lab();
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const)
        await vms.expectAt(to, `${from.node} to ${to.node}`, async () => {
          const frames = vms.frames(40);
          await from.guest.send(frames);
          return frames;
        });
    });

    for (const node of ['node-b', 'node-a'] as const)
      for (const direction of ['in', 'out', 'both'] as const)
        it(`${direction} of a VM on ${node}: the collector on node-b is given every copy once`, async () => {
          const vms = lab();
          const [source, neighbour] = node === 'node-b' ? [near, far] : [far, near];
          const service = await vms.service(collector);
          const flow = await vms.flow(service, source, direction);
          await vms.expectCopies(collector, source, neighbour, direction);
          await vms.removeTap(service, flow);
          await vms.expectAt(collector, 'nothing after the tap', async () => {
            await source.guest.send(vms.frames(20));
            return [];
          });
        });
  });
}
