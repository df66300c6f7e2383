import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourObjects } from '../../scenarios/neighbour-agent.js';
import { oldFlowRecords, oldServiceRecord } from '../../scenarios/networking-vpp-taas.js';
import { flatPhysnet } from '../lab/neighbour-cloud.js';
import type { Vm, Vms } from '../lab/vms.js';

/** networking-vpp's own TaaS, switched on in its agents beside ours by mistake. */
export function describeOldTaas(lab: () => Vms): void {
  describe("networking-vpp's own TaaS beside ours", () => {
    let source: Vm;
    let near: Vm;
    let collector: Vm;
    let flow: string;
    let network: string;

    beforeAll(async () => {
      const vms = lab();
      network = await vms.network('old-taas');
      collector = await vms.vm(await vms.network('old-taas-collectors'), 'node-b');
      source = await vms.vm(network, 'node-a');
      near = await vms.vm(network, 'node-b');
      flow = await vms.flow(await vms.service(collector), source, 'out');
    });
    afterAll(async () => {
      const vms = lab();
      for (const { neighbour } of vms.cloud.allNodes) {
        await neighbour.stop();
        await neighbour.start();
      }
      await vms.removeAllTaps();
      await vms.cloud.guests.shutDown();
    });

    it('its agents with that extension touch nothing of ours, and no copy comes twice', async () => {
      const vms = lab();
      const ours = () => Promise.all(vms.cloud.allNodes.map(({ vpp }) => ourObjects(vpp)));
      const before = await ours();
      const options = { vpp_agent_extensions: 'taas_agent', esp_src_cidr: '10.98.0.1/24', esp_physnet: flatPhysnet };
      for (const { neighbour } of vms.cloud.allNodes) {
        await neighbour.stop();
        await neighbour.start({ ml2_vpp: options });
      }
      await vms.expectCopies(collector, source, near, 'out');
      expect(await ours()).toEqual(before);
      const nodes = await vms.cloud.etcd.list('/networking-vpp/nodes');
      expect(Object.keys(nodes).filter((key) => /taas_(flow|service)/.test(key))).toEqual([]);
    });

    it('a tap of its own, of the same source to another VM, mirrors beside ours: each collector is given each copy once', async () => {
      const vms = lab();
      const other = await vms.vm(network, 'node-a', '--disable-port-security');
      const project = vms.cloud.lab.identity.projects['acme'] ?? '';
      const ends = { id: 'aaaaaaaa-0000-4000-8000-000000000001', project, port: other.id, host: 'node-a', taasId: 150 };
      const old = { id: 'aaaaaaaa-0000-4000-8000-000000000002', service: ends, port: source.id, host: 'node-a' };
      const records = [oldServiceRecord(ends), ...oldFlowRecords({ ...old, direction: 'IN' })];
      const { vpp } = vms.cloud.node('node-a');
      const mirrors = async () => (await vpp.cli('show interface span')).split('\n').length;
      const before = await mirrors();
      for (const [n, [key, value]] of records.entries()) {
        await vms.cloud.etcd.put(key, value);
        // A flow whose service its agent has not finished is passed over without a word.
        const made = `/networking-vpp/state_taas/node-a/taas_service/${ends.id}`;
        if (n === 0) await expect.poll(() => vms.cloud.etcd.get(made), { timeout: 20_000 }).toBeDefined();
      }
      await expect.poll(mirrors, { timeout: 20_000 }).toBeGreaterThan(before);
      const [theirs, frames] = [await other.guest.capture(), vms.frames(30)];
      await vms.expectAt(collector, 'ours beside theirs', async () => {
        await source.guest.send(frames);
        return frames;
      });
      const got = await vms.account(theirs, frames);
      console.log(`its own TaaS, beside ours: ${JSON.stringify(got)}`);
      expect(await vms.shown(flow)).toMatchObject({ status: 'ACTIVE' });
      for (const [key] of records.toReversed()) await vms.cloud.etcd.delete(key);
      await expect.poll(mirrors, { timeout: 20_000 }).toBe(before);
      await vms.expectCopies(collector, source, near, 'out');
    });
  });
}
