import { burstSize, findTestpmd, testpmdInstallHint } from '@taas/lab';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { figuresMs } from './figures.js';
import type { LabSettings } from './tap-lab.js';
import { VhostLab } from './vhost-lab.js';

/** Ports of VMs with a real virtio driver, as in production. */
export function describeVhostUser(settings: () => LabSettings): void {
  const testpmd = findTestpmd(process.env);
  const why = testpmd === undefined ? ` (skipped: no dpdk-testpmd on the PATH: ${testpmdInstallHint})` : '';

  describe.skipIf(testpmd === undefined)(`VMs with a real virtio driver${why}`, () => {
    let vms: VhostLab;

    beforeEach(async () => {
      expect.hasAssertions();
      vms = await VhostLab.start(settings(), testpmd ?? '');
    });
    afterEach(async () => {
      await vms?.stop();
    });

    it('every frame is copied once, on a node and between nodes, and the collector keeps its own network', async () => {
      const { lab } = vms;
      const collector = await vms.vm('node-b');
      const service = await lab.service(collector);
      for (const [node, direction] of [
        ['node-a', 'BOTH'],
        ['node-b', 'OUT'],
        ['node-b', 'IN'],
      ] as const) {
        const source = await vms.vm(node);
        await vms.talk(source, [collector], 'NONE');
        const flow = await lab.flow(service, source, direction);
        await lab.active(flow);
        await vms.talk(source, [collector], direction);
        await lab.isSent(collector, lab.frames(7));
        collector.expected += 7;
        await vms.expectCounts(collector);
        await lab.client.delete('tap_flows', flow);
        await lab.client.untilGone('tap_flows', flow);
        await vms.talk(source, [collector], 'NONE');
        await vms.remove(source);
      }
    });

    it("a collector's VM that comes late, goes and comes back gets what is sent while it is there", async () => {
      const { lab } = vms;
      const collector = await vms.port('node-b');
      const service = await lab.service(collector);
      const sources = [await vms.vm('node-a'), await vms.vm('node-b')];
      const flows: string[] = [];
      for (const source of sources) flows.push(await lab.flow(service, source));
      let missed = 0;
      for (let boots = 0; boots < 2; boots += 1) {
        // A flow that no node has been told of is DOWN as well.
        for (const flow of flows)
          await lab.eventually(async () =>
            expect(await lab.client.show('tap_flows', flow)).toMatchObject({
              status: 'DOWN',
              status_code: 'collector_link_down',
            }),
          );
        // Nobody is there: the sources do not notice, and VPP counts what it could not deliver.
        for (const source of sources) await vms.talk(source, [], 'NONE');
        missed += sources.length * (64 + 21);
        await lab.eventually(async () => expect(await vms.txErrors(collector)).toBe(missed));
        await vms.boot(collector);
        for (const source of sources) await vms.talk(source, [collector], 'BOTH');
        await lab.active(...flows);
        await vms.kill(collector);
      }
    });

    it('a collector that does not read costs its source nothing but the copies, which VPP counts as drops', async () => {
      const { lab } = vms;
      const collector = await vms.vm('node-b');
      const source = await vms.vm('node-b');
      const service = await lab.service(collector);
      const flow = await lab.flow(service, source);
      await lab.active(flow);
      await vms.talk(source, [collector], 'BOTH');
      await collector.driver?.ignore();
      const node = vms.real('node-b');
      const capture = await node.capture(source.neighbour);
      const counted = async () => (await source.driver?.counters())?.sent ?? 0;
      const before = await counted();
      // Not more at once than the ring holds; on a busy machine the driver drops some itself all the same.
      for (let round = 0; round < 200 && (await counted()) - before <= 32 * burstSize; round += 1)
        await source.driver?.send(4);
      const sent = (await counted()) - before;
      expect(sent).toBeGreaterThan(32 * burstSize);
      await lab.eventually(async () => expect(await capture.count()).toBe(sent));
      const drops = async () => (await node.counters()).get(collector.port.swIfIndex)?.drops ?? 0;
      await lab.eventually(async () => expect(await drops()).toBeGreaterThan(sent / 2));
      expect((await capture.stop()).length).toBe(sent);
      // What was in the ring it gets when it reads again, and from then on everything.
      await collector.driver?.receive();
      collector.expected += sent - (await drops());
      await vms.expectCounts(collector);
      await vms.talk(source, [collector], 'BOTH');
      await lab.active(flow);
      // Its owner is told of each frame: what the VM's own driver has received is what was delivered.
      const [delivered, ring] = [collector.expected, await drops()];
      await lab.eventually(async () => {
        const { stages, unaccounted } = await lab.client.statistics('tap_services', service);
        const at = (stage: string) => stages.find((each) => each.stage === stage)?.packets;
        expect([at('delivered'), at('ring_dropped'), at('offered')]).toEqual([delivered, ring, delivered + ring]);
        expect(unaccounted).toBe(0);
      }, figuresMs);
    });

    it('ports without a tag are found by the names of their sockets, and not by what had their index', async () => {
      const { lab } = vms;
      const collector = await vms.vm('node-b', null);
      const service = await lab.service(collector);
      const source = await vms.vm('node-b', null);
      const flow = await lab.flow(service, source);
      await lab.active(flow);
      await vms.talk(source, [collector], 'BOTH');
      // Whoever comes next gets the index, and has neither a tag nor a socket yet.
      await vms.remove(source);
      const stranger = await vms.real('node-b').addPort({ id: lab.newPortId(), bridgeDomain: 900, tag: null });
      expect(stranger.swIfIndex).toBe(source.port.swIfIndex);
      await lab.client.until('tap_flows', flow, 'PENDING_CREATE');
      await vms.real('node-b').send(stranger, lab.frames(20));
      await vms.expectCounts(collector);
      const again = await vms.port('node-b', null, source.port.id);
      await vms.boot(again);
      await lab.active(flow);
      await vms.talk(again, [collector], 'BOTH');
    });
  });
}
