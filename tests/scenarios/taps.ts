import type { LabPort } from '@taas/lab';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { taggedFrame } from './tagged-frame.js';
import { type LabSettings, TapLab, type TestVm } from './tap-lab.js';

/** What every tap must do, on whatever switch: the same scenarios for the simulator and for a real VPP. */
export function describeTaps(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  const start = async (more: Partial<LabSettings> = {}): Promise<TapLab> => {
    lab = await TapLab.start({ ...settings(), ...more });
    return lab;
  };
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await lab?.stop();
  });

  describe(`${name}: what is copied`, () => {
    for (const transport of ['vlan', 'vxlan'] as const)
      it(`copies exactly what was asked, on a node and between nodes over ${transport}`, async () => {
        await start({ transport });
        const collector = await lab.collector('node-b');
        const service = await lab.service(collector);
        for (const node of ['node-a', 'node-b'])
          for (const direction of ['IN', 'OUT', 'BOTH'] as const) {
            const vm = await lab.vm(node);
            const flow = await lab.flow(service, vm, direction);
            await lab.active(flow);
            await lab.expectCopies(collector, vm, direction);
            await lab.client.delete('tap_flows', flow);
            await lab.client.untilGone('tap_flows', flow);
            await lab.expectNothing(collector, vm);
          }
      });

    it('serves many flows to many services, and a collector with several services', async () => {
      await start();
      const [first, second] = [await lab.collector('node-a'), await lab.collector('node-b')];
      const services = [await lab.service(first), await lab.service(second), await lab.service(second)];
      const vms = [await lab.vm('node-a'), await lab.vm('node-b')];
      const flows: string[] = [];
      for (const service of services.slice(0, 2)) for (const vm of vms) flows.push(await lab.flow(service, vm));
      const [, , third] = services;
      const lonely = await lab.vm('node-a');
      flows.push(await lab.flow(third ?? '', lonely));
      await lab.active(...flows);
      for (const vm of vms) {
        await lab.expectCopies(first, vm);
        await lab.expectCopies(second, vm);
      }
      await lab.expectCopies(second, lonely);
      await lab.expectNothing(first, lonely);
    });

    it('copies a packet once to a service, however many flows ask for it', async () => {
      await start();
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const vm = await lab.vm('node-a');
      const flows = [
        await lab.flow(service, vm, 'IN'),
        await lab.flow(service, vm),
        await lab.flow(service, vm, 'OUT'),
      ];
      await lab.active(...flows);
      await lab.expectCopies(collector, vm);
      for (const flow of flows.slice(0, 2)) {
        await lab.client.delete('tap_flows', flow);
        await lab.client.untilGone('tap_flows', flow);
      }
      await lab.active(...flows.slice(2));
      await lab.expectCopies(collector, vm, 'OUT');
    });

    it("leaves the collector its own network, and lets what it sends on the copies' VLANs go nowhere", async () => {
      await start();
      const collector = await lab.vm('node-b');
      const service = await lab.service(collector);
      const vm = await lab.vm('node-a');
      await lab.active(await lab.flow(service, vm));
      await lab.expectCopies(collector, vm);
      const own = lab.frames(10);
      await lab.expectAt({ node: 'node-b', port: collector.port }, "the collector's own network", async () => {
        await lab.isSent(collector, own);
        return own;
      });
      await lab.expectAt({ node: 'node-b', port: collector.neighbour }, 'what the collector sends', async () => {
        const sent = lab.frames(10);
        await lab.sends(collector, sent);
        return sent;
      });
      // Both sub-interfaces that the copies leave by: frames with their tags are for nobody.
      for (const inner of [4094, 4093])
        for (const [node, port] of [
          ['node-a', vm.port],
          ['node-a', vm.neighbour],
          ['node-b', collector.neighbour],
          ['node-b', collector.port],
        ] as const)
          await lab.expectAt({ node, port }, `VLAN 4095 with ${inner} within from the collector`, async () => {
            const tagged = lab.frames(12).map((frame) => taggedFrame(taggedFrame(frame, inner), 4095));
            await lab.sends(collector, tagged);
            return [];
          });
      await lab.expectCopies(collector, vm);
    });

    it('leaves every VLAN of the collector to the subports of its trunk, whichever comes first', async () => {
      await start();
      const collector = await lab.vm('node-b');
      const node = lab.cloud.node('node-b').switch;
      const subport = async (vlan: number) => {
        const neighbour = await lab.vm('node-b');
        const { bridgeDomain } = neighbour.port;
        await node.addSubport(collector.port, { id: lab.newPortId(), vlan, bridgeDomain });
        return { vlan, neighbour };
      };
      const early = await subport(4094);
      const service = await lab.service(collector);
      const vm = await lab.vm('node-a');
      const flow = await lab.flow(service, vm);
      await lab.active(flow);
      const late = [await subport(4093), await subport(1)];
      for (const { vlan, neighbour } of [early, ...late])
        await lab.expectAt({ node: 'node-b', port: neighbour.port }, `VLAN ${vlan} of the collector`, async () => {
          const sent = lab.frames(5);
          await lab.sends(
            collector,
            sent.map((frame) => taggedFrame(frame, vlan)),
          );
          return sent;
        });
      await lab.active(flow);
      await lab.expectCopies(collector, vm);
    });
  });

  describe(`${name}: what happens to a tap`, () => {
    it('waits for its ports, says so, and becomes ACTIVE when they appear', async () => {
      await start();
      const [collectorId, sourceId] = [lab.newPortId(), lab.newPortId()];
      const service = await lab.client.createTapService('early', collectorId);
      const waiting = await lab.client.until('tap_services', service.id, 'PENDING_CREATE');
      expect(waiting.status_reason).toContain(collectorId);
      await lab.cloud.bindings.bind('node-b', collectorId);
      await lab.eventually(async () =>
        expect((await lab.client.show('tap_services', service.id)).status_reason).toMatch(/not on this node yet/),
      );
      const collector = await lab.collector('node-b', collectorId);
      await lab.client.until('tap_services', service.id, 'ACTIVE');
      const flow = await lab.client.createTapFlow({
        name: 'early',
        tapServiceId: service.id,
        sourcePort: sourceId,
        direction: 'BOTH',
      });
      expect((await lab.client.until('tap_flows', flow.id, 'PENDING_CREATE')).status_reason).toContain(sourceId);
      const vm = await lab.vm('node-a', sourceId);
      await lab.active(flow.id);
      await lab.expectCopies(collector, vm);
    });

    it('does not miss a packet when the agent is restarted, nor writes to VPP', async () => {
      await start();
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const vms = [await lab.vm('node-a'), await lab.vm('node-b')];
      for (const vm of vms) await lab.active(await lab.flow(service, vm));
      const nodes = ['node-a', 'node-b'].map((node) => lab.cloud.node(node));
      const writes = nodes.map((node) => node.switch.writes());
      for (const vm of vms)
        await lab.expectAllOf(vm, collector, `while agents restart, from ${vm.node}`, async () => {
          for (const node of nodes) await node.agent.restart('kill');
        });
      expect(nodes.map((node) => node.switch.writes())).toEqual(writes);
    });

    it('is made again when VPP was restarted', async () => {
      await start();
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const vms = [await lab.vm('node-a'), await lab.vm('node-b')];
      const flows: string[] = [];
      for (const vm of vms) flows.push(await lab.flow(service, vm));
      await lab.active(...flows);
      for (const node of ['node-a', 'node-b']) {
        await lab.cloud.node(node).switch.restart();
        await lab.eventually(async () => {
          for (const vm of vms) await lab.expectCopies(collector, vm);
        });
        await lab.active(...flows);
      }
    });

    it('shows nothing to whoever gets the index of a deleted collector or source', async ({ skip }) => {
      await start();
      if (lab.keepsIndices !== null) skip(lab.keepsIndices);
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const vm = await lab.vm('node-b');
      const flow = await lab.flow(service, vm);
      await lab.active(flow);
      await lab.expectCopies(collector, vm);
      // The port goes from VPP without a word to anybody, and another one gets its index at once.
      const node = lab.cloud.node('node-b').switch;
      const before = await node.counters();
      await node.removePort(collector.port);
      // Those of the port, and of both our sub-interfaces of it.
      const after = await node.counters();
      const freed = [...before.keys()].filter((index) => !after.has(index));
      expect(freed).toHaveLength(3);
      const newcomers: LabPort[] = [];
      for (const _ of freed) newcomers.push(await node.addPort({ id: lab.newPortId(), bridgeDomain: 900 }));
      expect(new Set(newcomers.map((port) => port.swIfIndex))).toEqual(new Set(freed));
      for (const port of newcomers) await lab.expectNothing({ node: 'node-b', port }, vm);
      await lab.client.until('tap_services', service, 'PENDING_CREATE');

      const again = await lab.collector('node-b', collector.port.id);
      await lab.active(flow);
      await lab.expectCopies(again, vm);
      await node.removePort(vm.port);
      const other = await lab.vm('node-b');
      expect(other.port.swIfIndex).toBe(vm.port.swIfIndex);
      await lab.expectNothing(again, other);
      await lab.client.until('tap_flows', flow, 'PENDING_CREATE');
      // And a tap of the newcomer itself works: it inherits no dead entry of the old one.
      await lab.active(await lab.flow(service, other));
      await lab.expectCopies(again, other);
    });

    it('that an older agent has wired gets its second way to the collector without a lost copy', async () => {
      await start();
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const vm = await lab.vm('node-b');
      const flow = await lab.flow(service, vm);
      await lab.active(flow);
      const tag = `taas.unicast:${service}`;
      await lab.expectAllOf(vm, collector, 'while it is wired as of old, and anew', async () => {
        await lab.wireAsOfOld('node-b', service);
        await lab.eventually(async () => expect(await lab.findTagged('node-b', tag)).toBe(true));
      });
      await lab.active(flow);
      await lab.expectCopies(collector, vm);
    });

    for (const kind of ['unicast', 'collector', 'entry'])
      it(`is mended when somebody deletes its ${kind}`, async () => {
        await start();
        const collector = await lab.collector('node-b');
        const service = await lab.service(collector);
        const vms: readonly TestVm[] = [await lab.vm('node-a'), await lab.vm('node-b')];
        const flows: string[] = [];
        for (const vm of vms) flows.push(await lab.flow(service, vm));
        await lab.active(...flows);
        const tag = `taas.${kind}:${service}`;
        expect(await lab.findTagged('node-b', tag, true)).toBe(true);
        await lab.eventually(async () => {
          expect(await lab.findTagged('node-b', tag)).toBe(true);
          for (const vm of vms) await lab.expectCopies(collector, vm);
        });
        await lab.active(...flows);
      });

    it('is really gone when it says so', async () => {
      await start();
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const vm = await lab.vm('node-a');
      await lab.active(await lab.flow(service, vm));
      await lab.client.delete('tap_services', service);
      await lab.client.untilGone('tap_services', service);
      await lab.expectNothing(collector, vm);
      const left = await lab.cloud.store.list('/networking-vpp/');
      const keys = left.entries.map(({ key }) => key).filter((key) => /taas\/(tap_|segments)/.test(key));
      expect(keys).toEqual([]);
    });
  });
}
