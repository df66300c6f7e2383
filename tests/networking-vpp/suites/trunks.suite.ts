import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { taggedFrame } from '../../scenarios/tagged-frame.js';
import { type Vm, type Vms, waiting } from '../lab/vms.js';

/** Its agent looks at trunks whose parents were not ready every half minute. */
const trunkWait = { timeout: 100_000, interval: 500 };
const vlan = 30;

/** Trunks and their subports, as networking-vpp's service plugin and agent make them. */
export function describeTrunks(lab: () => Vms): void {
  describe('trunks', () => {
    let outer: string;
    let inner: string;
    let collector: Vm;
    let neighbour: Vm;
    let parent: Vm;
    let subport: string;

    afterAll(() => lab().cloud.guests.shutDown());
    afterEach(() => lab().removeAllTaps());
    beforeAll(async () => {
      const vms = lab();
      outer = await vms.network('trunk-outer');
      inner = await vms.network('trunk-inner');
      collector = await vms.vm(await vms.network('trunk-collectors'), 'node-b');
      neighbour = await vms.vm(inner, 'node-b');
    });

    /** A port of alice's that is in nobody's VM: a trunk's subport, which Neutron never binds. */
    const unbound = async (network: string): Promise<string> =>
      (await lab().cloud.users.json<{ id: string }>('alice', `port create --network ${network} sub`)).id;
    const trunk = (rest: string) => lab().cloud.users.must('alice', `network trunk ${rest}`);
    const isWired = (id: string, node: string, wired = true) =>
      vi.waitFor(async () => {
        const found = await lab().cloud.node(node).vpp.port(id);
        expect(found === undefined ? 'absent' : found.flags).toBe(wired ? 3 : 'absent');
      }, trunkWait);
    const subportOf = (port: string, id: number) => `port=${port},segmentation-type=vlan,segmentation-id=${id}`;

    it('a subport is a sub-interface of its parent, and its tap copies its frames with its tag, as the VM has them, both ways', async () => {
      const vms = lab();
      const { id, mac } = await vms.cloud.users
        .json<{ id: string; mac_address: string }>('alice', `port create --network ${outer} parent`)
        .then((made) => ({ id: made.id, mac: made.mac_address }));
      subport = await unbound(inner);
      await trunk(`create --parent-port ${id} --subport ${subportOf(subport, vlan)} t1`);
      await vms.bind(id, 'node-a');
      parent = await vms.boot(id, mac, 'node-a');
      await isWired(subport, 'node-a');
      const service = await vms.service(collector);
      const flow = await vms.flow(service, { id: subport });
      await vms.expectAt(collector, 'frames from the subport', async () => {
        const frames = vms.frames(30).map((frame) => taggedFrame(frame, vlan));
        await parent.guest.send(frames);
        return frames;
      });
      await vms.expectAt(collector, 'frames to the subport', async () => {
        const frames = vms.frames(30);
        await neighbour.guest.send(frames);
        return frames.map((frame) => taggedFrame(frame, vlan));
      });
      await vms.expectAt(collector, 'nothing of the parent', async () => {
        await parent.guest.send(vms.frames(30));
        return [];
      });
      await vms.removeTap(service, flow);
    });

    it('a tap of the parent copies what is in no subport', async () => {
      const vms = lab();
      const service = await vms.service(collector);
      const flow = await vms.flow(service, parent, 'out');
      await vms.expectAt(collector, 'frames from the parent', async () => {
        const frames = vms.frames(30);
        await parent.guest.send(frames);
        return frames;
      });
      const tagged = vms.frames(10).map((frame) => taggedFrame(frame, vlan));
      const copies = await collector.guest.capture();
      await parent.guest.send(tagged);
      await vms.cloud.clock.sleep(500);
      console.log(`of 10 frames of the subport a tap of its parent copies ${(await copies.stop()).length}`);
      await vms.removeTap(service, flow);
    });

    it("the VLAN ids that we take on a collector's port do not stop its agent from adding any subport", async () => {
      const vms = lab();
      // In a network of its own: what the trunk's networks flood its VM is given in any case.
      const tapped = await vms.vm(await vms.network('trunk-tapped'), 'node-b');
      const service = await vms.service(parent);
      const flow = await vms.flow(service, tapped, 'out');
      const expectCopies = (what: string) =>
        vms.expectAt(parent, what, async () => {
          const frames = vms.frames(30);
          await tapped.guest.send(frames);
          return frames;
        });
      await expectCopies('copies at a trunk');
      const { neighbour: agent, vpp } = vms.cloud.node('node-a');
      const { pid } = agent;
      const made: string[] = [];
      for (const id of [4094, 4093, 4092, 1]) {
        const port = await unbound(inner);
        made.push(port);
        await trunk(`set --subport ${subportOf(port, id)} t1`);
        await isWired(port, 'node-a');
      }
      expect([agent.ended, agent.pid]).toEqual([null, pid]);
      await vms.becomes(flow, 'ACTIVE');
      await expectCopies('copies, with subports on the highest ids');
      // And a restart of its agent, which makes them all again.
      await agent.stop('SIGKILL');
      await agent.start();
      for (const port of made) await isWired(port, 'node-a');
      expect(agent.ended).toBeNull();
      await expectCopies('copies, after a restart of its agent');
      expect(await vpp.port(parent.id)).toMatchObject({ flags: 3 });
      await vms.removeTap(service, flow);
      await trunk(`unset ${made.map((port) => `--subport ${port}`).join(' ')} t1`);
      for (const port of made) await isWired(port, 'node-a', false);
    });

    it('a subport that is taken off its trunk takes its copies along', async () => {
      const vms = lab();
      const service = await vms.service(collector);
      const flow = await vms.flow(service, { id: subport }, 'out');
      await trunk(`unset --subport ${subport} t1`);
      await isWired(subport, 'node-a', false);
      await vi.waitFor(async () => expect((await vms.shown(flow)).status).not.toBe('ACTIVE'), waiting);
      await vms.expectAt(collector, 'nothing of a subport that is none', async () => {
        await parent.guest.send(vms.frames(30).map((frame) => taggedFrame(frame, vlan)));
        return [];
      });
      await vms.removeTap(service, flow);
    });
  });
}
