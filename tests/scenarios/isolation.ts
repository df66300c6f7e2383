import type { Capture } from '@taas/lab';
import { compareFrames, udp } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { taggedFrame } from './tagged-frame.js';
import { talk } from './talk.js';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';

/** Nobody is shown what is not theirs, whatever happens while ports talk. */
export function describeIsolation(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  const start = async (more: Partial<LabSettings> = {}): Promise<void> => {
    lab = await TapLab.start({ ...settings(), ...more });
  };
  const received = async ({ node, port }: Collector): Promise<number> =>
    (await lab.cloud.node(node).switch.counters()).get(port.swIfIndex)?.txPackets ?? Number.NaN;
  /** Another project's port, made the moment that the one before is gone. */
  const successor = async ({ node, port }: Collector): Promise<TestVm> => {
    await lab.cloud.node(node).switch.removePort(port);
    const made = await lab.as('other-project').vm(node);
    expect(made.port.swIfIndex).toBe(port.swIfIndex);
    return made;
  };
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await lab?.stop();
  });

  describe(`${name}: isolation under traffic`, () => {
    it('a port that gets the index of a deleted collector is given nothing', async ({ skip }) => {
      await start();
      if (lab.keepsIndices !== null) skip(lab.keepsIndices);
      let collector: Collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const vms = [await lab.vm('node-a'), await lab.vm('node-b')];
      const flows: string[] = [];
      for (const vm of vms) flows.push(await lab.flow(service, vm, 'OUT'));
      await lab.active(...flows);
      const talks = vms.map((vm) => talk(lab, vm));
      for (let round = 0; round < 3; round += 1) {
        await lab.eventually(async () => expect(await received(collector)).toBeGreaterThan(0));
        const newcomer = await successor(collector);
        for (const each of talks) await each.more(200);
        expect(await received(newcomer)).toBe(0);
        expect(await received({ node: 'node-b', port: newcomer.neighbour })).toBe(0);
        collector = await lab.collector('node-b', collector.port.id);
        await lab.active(...flows);
      }
      for (const each of talks) await each.stop();
      for (const vm of vms) await lab.expectCopies(collector, vm, 'OUT');
    });

    it('a port that gets the index of a deleted source is not copied', async ({ skip }) => {
      await start();
      if (lab.keepsIndices !== null) skip(lab.keepsIndices);
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      for (const node of ['node-a', 'node-b']) {
        const vm = await lab.vm(node);
        const flow = await lab.flow(service, vm);
        await lab.active(flow);
        const talking = talk(lab, vm);
        await lab.eventually(async () => expect(await received(collector)).toBeGreaterThan(0));
        await talking.stop();
        await lab.expectAt(collector, `the successor of a source on ${node}`, async () => {
          const newcomer = await successor(vm);
          const strangers = [talk(lab, newcomer), talk(lab, { node, port: newcomer.neighbour })];
          for (const each of strangers) await each.more(200);
          for (const each of strangers) await each.stop();
          return [];
        });
      }
    });

    for (const transport of ['vlan', 'vxlan'] as const)
      it(`a ${transport} id shows nobody what its last service saw, nor while an agent is away`, async () => {
        await start({ transport, segments: 1 });
        const other = lab.as('other-project');
        const first = await lab.collector('node-b');
        const [old, fresh] = [await lab.vm('node-a'), await other.vm('node-a')];
        const service = await lab.service(first);
        await lab.active(await lab.flow(service, old));
        await lab.expectCopies(first, old);
        const talking = talk(lab, old);
        const second = await other.collector('node-b');
        const agent = lab.cloud.node('node-a').agent;
        await agent.stop();
        await lab.client.delete('tap_services', service);
        const next = await other.service(second);
        const flow = await other.flow(next, fresh);
        // The old source is copied as long as its agent is away, so the id is not free.
        await lab.eventually(async () => {
          const { status, status_reason } = await other.client.show('tap_flows', flow);
          expect(`${status} ${status_reason}`).toMatch(/^PENDING_CREATE .*(taken|in use|free)/);
        });
        await talking.more(200);
        expect(await received(second)).toBe(0);
        await agent.restart('stop');
        await other.active(flow);
        await lab.client.untilGone('tap_services', service);
        await other.expectCopies(second, fresh);
        await talking.stop();
        await lab.expectNothing(second, old);
      });

    it('a collector that floods reaches nobody but its own network', async () => {
      await start();
      const collector = await lab.vm('node-b');
      const vms = [await lab.vm('node-a'), await lab.vm('node-b')];
      const service = await lab.service(collector);
      for (const vm of vms) await lab.active(await lab.flow(service, vm));
      const second = await lab.collector('node-a');
      const more = await lab.service(second);
      for (const vm of vms) await lab.active(await lab.flow(more, vm));
      const stacks = [[], [4095], [4094], [3900], [4095, 4094], [4095, 4093]];
      const floods = stacks.map((tags) =>
        talk(lab, collector, () => lab.frames(20).map((frame) => tags.reduceRight(taggedFrame, frame))),
      );
      const quiet = [second, ...vms, ...vms.map(({ node, neighbour }) => ({ node, port: neighbour }))];
      for (const at of quiet)
        await lab.expectAt(at, 'nothing of what a collector sends', async () => {
          for (const flood of floods) await flood.more(40);
          return [];
        });
      for (const vm of vms) for (const at of [collector, second]) await lab.expectCopies(at, vm);
      for (const flood of floods) await flood.stop();
    });

    it('two projects with the same addresses in two networks each see their own', async () => {
      await start();
      const tenants = [lab, lab.as('other-project')];
      const setups: { tenant: TapLab; vm: TestVm; collector: Collector }[] = [];
      for (const tenant of tenants)
        for (const node of ['node-a', 'node-b'])
          setups.push({ tenant, vm: await tenant.vm(node), collector: await tenant.collector('node-b') });
      for (const { tenant, vm, collector } of setups)
        await tenant.active(await tenant.flow(await tenant.service(collector), vm));
      const between = (src: string, dst: string) => (serial: number) =>
        udp({
          ...{ src, dst, srcIp: '192.0.2.1', dstIp: '192.0.2.2', srcPort: serial, dstPort: 2000 },
          payload: new Uint8Array(64),
        });
      const [vmMac, peerMac] = ['02:aa:00:00:00:01', '02:aa:00:00:00:02'];
      const [out, back] = [between(vmMac, peerMac), between(peerMac, vmMac)];
      const numbers = Array.from({ length: 1000 }, (_, n) => n).values();
      const few = (make: (serial: number) => Uint8Array) =>
        Array.from({ length: 10 }, () => make(numbers.next().value ?? 0));
      for (let round = 0; round < 2; round += 1)
        for (const { vm } of setups) {
          const places = [...setups.map(({ collector }) => collector), ...setups.map((each) => each.vm)];
          const captures: Capture[] = [];
          for (const { node, port } of places) captures.push(await lab.cloud.node(node).switch.capture(port));
          const [sent, answered] = [few(out), few(back)];
          await lab.sends(vm, sent);
          await lab.isSent(vm, answered);
          const mine = setups.findIndex((each) => each.vm === vm);
          const wanted = places.map((_, n) =>
            n === mine ? [...sent, ...answered] : n === mine + setups.length ? answered : [],
          );
          await lab.eventually(async () => {
            const counts = await Promise.all(captures.map((capture) => capture.count()));
            expect(counts).toEqual(wanted.map(({ length }) => length));
          });
          for (const [n, capture] of captures.entries()) {
            const { lost, duplicated, foreign } = compareFrames(wanted[n] ?? [], await capture.stop());
            expect({ lost: lost.length, duplicated: duplicated.length, foreign: foreign.length }).toEqual({
              ...{ lost: 0, duplicated: 0, foreign: 0 },
            });
          }
        }
    });
  });
}
