import { type Frame, readyz } from '@taas/lab';
import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MirrorLab } from './mirror-lab.js';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';
import { type Gap, Traffic } from './traffic.js';

const [nodeA, nodeB, nodeC] = ['node-a', 'node-b', 'node-c'];

/** What a tap must do when the VMs at its ends move between nodes, or a node dies under them. */
export function describeMoves(
  name: string,
  settings: () => LabSettings,
  report: (what: string, gap: Gap) => void,
): void {
  let lab: TapLab;
  const start = async (transport: 'vlan' | 'vxlan'): Promise<TapLab> => {
    lab = await TapLab.start({ ...settings(), transport, nodes: [nodeA, nodeB, nodeC] });
    return lab;
  };
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await lab?.stop();
  });

  /** networking-vpp's port goes from a node: its key first, or the node's agent would make it again. */
  const leaves = async ({ node, port }: Collector): Promise<void> => {
    await lab.cloud.bindings.unbind(node, port.id);
    await lab.cloud.node(node).switch.removePort(port);
  };
  /** Nothing of the tap may be left in etcd or VPP of a node that it has left. */
  const forgotten = (node: string) =>
    lab.eventually(async () => {
      for (const prefix of ['nodes', 'state']) {
        const { entries } = await lab.cloud.store.list(`/networking-vpp/${prefix}/${node}/taas/tap_`);
        expect(entries.map(({ key }) => key)).toEqual([]);
      }
    });
  /** An operator can see that something has moved. */
  const isPublished = () =>
    lab.eventually(async () => {
      const { text } = await readyz(lab.cloud.server());
      const { moves } = JSON.parse(text) as { moves: { hand_overs: number } };
      expect(moves.hand_overs).toBeGreaterThanOrEqual(1);
    });
  const moved = (what: string, gap: Gap): void => {
    report(what, gap);
    expect({ what, duplicated: gap.duplicated, foreign: gap.foreign }).toEqual({ what, duplicated: 0, foreign: 0 });
  };

  for (const transport of ['vlan', 'vxlan'] as const)
    describe(`${name}: a source that moves, by ${transport}`, () => {
      it('is copied where it was until its port is on the new node, and then there', async () => {
        await start(transport);
        const collector = await lab.collector(nodeB);
        const service = await lab.service(collector);
        const vm = await lab.vm(nodeA);
        const flow = await lab.flow(service, vm);
        await lab.active(flow);
        await lab.cloud.bindings.bind(nodeC, vm.port.id);
        await lab.eventually(async () =>
          expect((await lab.client.show('tap_flows', flow)).status_reason).toMatch(/not on this node yet/),
        );
        await lab.expectCopies(collector, vm);
        // While it is bound nowhere, as between networking-vpp's two keys, nothing changes either.
        await lab.cloud.bindings.unbind(nodeA, vm.port.id);
        await lab.cloud.bindings.unbind(nodeC, vm.port.id);
        await lab.client.until('tap_flows', flow, 'PENDING_CREATE');
        await lab.expectCopies(collector, vm);
        const there = await lab.vm(nodeC, vm.port.id);
        await lab.active(flow);
        await lab.expectCopies(collector, there);
        await forgotten(nodeA);
        await lab.expectNothing(collector, vm);
      });

      for (const toCollector of [false, true])
        it(`loses few copies under traffic, ${toCollector ? 'to' : 'past'} its collector's node`, async () => {
          await start(transport);
          const collector = await lab.collector(nodeB);
          const service = await lab.service(collector);
          const vm = await lab.vm(nodeA);
          const flow = await lab.flow(service, vm);
          await lab.active(flow);
          const traffic = new Traffic(lab, vm);
          await traffic.readsAt(collector);
          traffic.talk();
          await traffic.more(40);
          traffic.vm = await lab.vm(toCollector ? nodeB : nodeC, vm.port.id);
          await lab.active(flow);
          await leaves(vm);
          await traffic.more(100);
          moved(`${transport}: source moves, ${toCollector ? 'to' : 'past'} the collector's node`, await traffic.gap());
          await forgotten(nodeA);
          await lab.expectCopies(collector, traffic.vm);
          await isPublished();
        });
    });

  for (const transport of ['vlan', 'vxlan'] as const)
    describe(`${name}: a collector that moves, by ${transport}`, () => {
      it('is given copies where it was until its port is on the new node, and then there', async () => {
        await start(transport);
        const collector = await lab.collector(nodeB);
        const service = await lab.service(collector);
        const vms = [await lab.vm(nodeA), await lab.vm(nodeB)];
        const flows: string[] = [];
        for (const vm of vms) flows.push(await lab.flow(service, vm));
        await lab.active(...flows);
        await lab.cloud.bindings.bind(nodeC, collector.port.id);
        await lab.eventually(async () =>
          expect((await lab.client.show('tap_services', service)).status_reason).toMatch(/not on this node yet/),
        );
        for (const vm of vms) await lab.expectCopies(collector, vm);
        await lab.cloud.bindings.unbind(nodeB, collector.port.id);
        await lab.cloud.bindings.unbind(nodeC, collector.port.id);
        await lab.client.until('tap_services', service, 'PENDING_CREATE');
        for (const vm of vms) await lab.expectCopies(collector, vm);
        const there = await lab.collector(nodeC, collector.port.id);
        await lab.active(...flows);
        for (const vm of vms) await lab.expectCopies(there, vm);
        await lab.eventually(async () => {
          const left = await lab.cloud.store.get(keys.nodeResource(nodeB, 'tap_services', service));
          expect(left).toBe(undefined);
        });
        for (const vm of vms) await lab.expectNothing(collector, vm);
      });

      for (const from of ['another node', 'where its source is'] as const)
        it(`loses few copies under traffic, from ${from}`, async () => {
          await start(transport);
          const collector = await lab.collector(from === 'another node' ? nodeB : nodeA);
          const service = await lab.service(collector);
          const vm = await lab.vm(nodeA);
          const flow = await lab.flow(service, vm);
          await lab.active(flow);
          const traffic = new Traffic(lab, vm);
          await traffic.readsAt(collector);
          traffic.talk();
          await traffic.more(40);
          const there = await lab.collector(nodeC, collector.port.id);
          await traffic.readsAt(there);
          await lab.active(flow);
          await leaves(collector);
          await traffic.more(100);
          moved(`${transport}: collector moves from ${from}`, await traffic.gap());
          await lab.expectCopies(there, vm);
          await isPublished();
        });
    });

  describe(`${name}: a tap mirror that moves`, () => {
    /** A mirror with an outside on two nodes, where its VM is and where that goes. */
    const startMirror = async () => {
      const mirrors = await MirrorLab.start({ ...settings(), nodes: [nodeA, nodeB] });
      lab = mirrors.lab;
      const vm = await lab.vm(nodeA);
      const mirror = await mirrors.mirror(vm, 'erspanv1', directions);
      await mirrors.active(mirror);
      return { mirrors, vm, mirror };
    };
    const directions = { BOTH: 102 };

    it('sends from where its port was until that is on the new node, and then from there', async () => {
      const { mirrors, vm, mirror } = await startMirror();
      await lab.cloud.bindings.bind(nodeB, vm.port.id);
      await lab.eventually(async () =>
        expect(await mirrors.reason(mirror)).toMatch(/^PENDING_CREATE .*not on this node yet/),
      );
      await mirrors.expectMirrored(vm, 'erspanv1', directions);
      await lab.cloud.bindings.unbind(nodeA, vm.port.id);
      await lab.cloud.bindings.unbind(nodeB, vm.port.id);
      await lab.eventually(async () => expect(await mirrors.reason(mirror)).toMatch(/^PENDING_CREATE .*not bound/));
      await mirrors.expectMirrored(vm, 'erspanv1', directions);
      const there = await lab.vm(nodeB, vm.port.id);
      await mirrors.active(mirror);
      await mirrors.expectMirrored(there, 'erspanv1', directions);
      await forgotten(nodeA);
      expect(await mirrors.leftovers(nodeA)).toEqual([]);
      await isPublished();
    });

    it('loses few copies under traffic', async () => {
      const { mirrors, vm, mirror } = await startMirror();
      const inside = async (captured: readonly Frame[]) => (await mirrors.decoded(captured)).map(({ inner }) => inner);
      const traffic = new Traffic(lab, vm, inside);
      for (const node of [nodeA, nodeB]) await traffic.readsAlsoAt({ node, port: mirrors.outside(node) });
      traffic.talk();
      await traffic.more(40);
      traffic.vm = await lab.vm(nodeB, vm.port.id);
      await mirrors.active(mirror);
      await leaves(vm);
      await traffic.more(100);
      moved('erspan: the source of a mirror moves', await traffic.gap());
      await forgotten(nodeA);
      await mirrors.expectMirrored(traffic.vm, 'erspanv1', directions);
      await isPublished();
    });
  });

  describe(`${name}: a node dies`, () => {
    for (const died of ['agent', 'agent and VPP'] as const)
      it(`with a source's ${died}; the source goes on elsewhere, and nothing comes of the node when it is back`, async () => {
        await start('vxlan');
        const collector = await lab.collector(nodeB);
        const service = await lab.service(collector);
        const vm = await lab.vm(nodeA);
        const flow = await lab.flow(service, vm);
        await lab.active(flow);
        const dead = lab.cloud.node(nodeA);
        await dead.agent.stop('kill');
        if (died !== 'agent') await dead.switch.kill();
        const there: TestVm = await lab.vm(nodeC, vm.port.id);
        await lab.active(flow);
        await lab.expectCopies(collector, there);
        // Its lease runs out, and the tombstone waits for it.
        await lab.eventually(async () => {
          expect(await lab.cloud.store.get(keys.agent(nodeA))).toBe(undefined);
          const published = await lab.cloud.store.get(keys.nodeResource(nodeA, 'tap_flows', flow));
          expect(published?.value).toContain('"removed":true');
        }, 20_000);
        // networking-vpp's agent brings the port up again before it hears that it has moved.
        if (died !== 'agent') await dead.switch.restart();
        await lab.expectNothing(collector, vm);
        await dead.agent.restart('kill');
        await forgotten(nodeA);
        await lab.expectNothing(collector, vm);
        await lab.expectCopies(collector, there);
        expect((await lab.client.show('tap_flows', flow)).status).toBe('ACTIVE');
      });

    it("with a collector's agent and VPP; copies go where it is bound next, and not back", async () => {
      await start('vxlan');
      const collector = await lab.collector(nodeB);
      const service = await lab.service(collector);
      const vm = await lab.vm(nodeA);
      const flow = await lab.flow(service, vm);
      await lab.active(flow);
      const dead = lab.cloud.node(nodeB);
      await dead.agent.stop('kill');
      await dead.switch.kill();
      const there = await lab.collector(nodeC, collector.port.id);
      await lab.active(flow);
      await lab.expectCopies(there, vm);
      await dead.switch.restart();
      await dead.agent.restart('kill');
      await forgotten(nodeB);
      await lab.expectNothing(collector, vm);
      await lab.expectCopies(there, vm);
    });
  });
}
