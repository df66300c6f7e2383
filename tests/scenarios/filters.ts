import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anyPacket, anyRule, frameOf, isCopied, type Packet, type Rule } from './filtered-packet.js';
import { taggedFrame } from './tagged-frame.js';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';

export interface FilterSettings extends LabSettings {
  /** Lists of rules that are tried for each VLAN filter. */
  readonly lists: number;
}

const noneOf: Rule = { action: 'reject' };

/** @throws the error, if it is another */
function isDividedTooMuch(error: Error): true {
  if (/divided into more than 1024 rules/.test(error.message)) return true;
  throw error;
}

/** Filters of flows, on whatever switch: what arrives is compared with a matcher that knows only the documentation. */
export function describeFilters(name: string, settings: () => FilterSettings): void {
  let lab: TapLab;
  let serial = 0;
  const start = async (): Promise<TapLab> => {
    lab = await TapLab.start(settings());
    return lab;
  };
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await lab?.stop();
  });

  async function expectCopied(
    at: Collector,
    vm: TestVm,
    packets: readonly Packet[],
    rules: readonly Rule[],
    vlans: readonly (readonly [number, number])[] | null,
  ): Promise<void> {
    for (const side of ['sends', 'isSent'] as const)
      await lab.expectAt(at, `${side} ${JSON.stringify({ rules, vlans })}`, async () => {
        const frames = packets.map((packet) => ({ packet, frame: frameOf(packet, serial++) }));
        await lab[side](
          vm,
          frames.map(({ frame }) => frame),
        );
        return frames.filter(({ packet }) => isCopied(packet, rules, vlans)).map(({ frame }) => frame);
      });
  }

  /** As many ranges as there can be, each of which is six prefixes. */
  const scattered = Array.from({ length: 256 }, (_, n) => [16 * n + 1, 16 * n + 14] as const);
  const vlanFilters: readonly (readonly [string | undefined, readonly (readonly [number, number])[] | null])[] = [
    [undefined, null],
    ['5', [[5, 5]]],
    [
      '4000-4095,0,10-11',
      [
        [0, 0],
        [10, 11],
        [4000, 4095],
      ],
    ],
    [scattered.map(([first, last]) => `${first}-${last}`).join(), scattered],
  ];
  const tags = [5, 10, 11].map((vlan) => ({ vlan, tpid: 0x8100 }));
  const taggedArp: Packet[] = [0, 1, 2, 3].flatMap((count) =>
    [0x806, 0x88cc].map((ethertype) => ({ tags: tags.slice(0, count), body: { ethertype } })),
  );
  const allButArp: Rule[] = [{ action: 'reject', ethertype: 'ARP' }, { action: 'accept' }];

  describe(`${name}: filters`, () => {
    for (const node of ['node-a', 'node-b'])
      it(`copy exactly the packets that they say, to a collector on ${node}`, { timeout: 300_000 }, async () => {
        await start();
        const collector = await lab.collector(node);
        const service = await lab.service(collector);
        const vm = await lab.vm('node-a');
        for (const [vlanFilter, vlans] of vlanFilters) {
          const flow = await lab.flow(service, vm, 'BOTH', vlanFilter === undefined ? {} : { vlanFilter });
          const lists = fc.tuple(
            fc.array(anyRule, { maxLength: 6 }),
            fc.array(anyPacket, { minLength: 100, maxLength: 150, size: 'max' }),
          );
          await fc.assert(
            fc.asyncProperty(lists, async ([rules, packets]) => {
              await lab.client.filterTapFlow(flow, rules);
              // A VPP before 25.06 is refused what would have to be divided too much (decision 49), and copies nothing then.
              const refused = await lab.active(flow).then(() => false, isDividedTooMuch);
              await expectCopied(collector, vm, packets, refused ? [noneOf] : rules, vlans);
            }),
            // A failing list is small enough to read, and each smaller one would cost seconds of waiting.
            { numRuns: settings().lists, endOnFailure: true, examples: [[[allButArp, taggedArp]]] },
          );
          await lab.client.delete('tap_flows', flow);
          await lab.client.untilGone('tap_flows', flow);
        }
      });

    it('stand after the switch was restarted and after the agent was, and go with their flow', async () => {
      await start();
      const collector = await lab.collector('node-a');
      const service = await lab.service(collector);
      const vm = await lab.vm('node-a');
      const rules = allButArp;
      const flow = await lab.flow(service, vm, 'BOTH', { vlanFilter: '5-11', filterRules: rules });
      await lab.active(flow);
      const packets = fc.sample(anyPacket, { numRuns: 60, seed: 7 });
      const vlans = [[5, 11]] as const;
      await expectCopied(collector, vm, packets, rules, vlans);
      const node = lab.cloud.node('node-a');
      const writes = node.switch.writes();
      await node.agent.restart('kill');
      await expectCopied(collector, vm, packets, rules, vlans);
      await lab.active(flow);
      expect(node.switch.writes()).toBe(writes);
      await node.switch.restart();
      await lab.eventually(() => expectCopied(collector, vm, packets, rules, vlans), 15_000);
      await lab.client.delete('tap_flows', flow);
      await lab.client.untilGone('tap_flows', flow);
      await lab.active(await lab.flow(service, vm));
      await expectCopied(collector, vm, packets, [], null);
    });

    it('change for IP without losing a packet that both the old rules and the new ones accept', async () => {
      await start();
      const collector = await lab.collector('node-a');
      const service = await lab.service(collector);
      const vm = await lab.vm('node-a');
      const rules = (port: string): Rule[] => [
        { action: 'accept', protocol: 17, destination_port: '2000' },
        { action: 'accept', protocol: 6, destination_port: port },
      ];
      const flow = await lab.flow(service, vm, 'OUT', { filterRules: rules('1') });
      await lab.active(flow);
      await lab.expectAt(collector, 'while the rules change', async () => {
        const sent: Uint8Array[] = [];
        const stop = new AbortController();
        const talking = (async () => {
          while (!stop.signal.aborted) {
            const frames = lab.frames(20);
            await lab.sends(vm, frames);
            sent.push(...frames);
            await lab.clock.sleep(2);
          }
        })();
        for (let n = 2; n < 12; n++) {
          await lab.client.filterTapFlow(flow, rules(String(n)));
          await lab.active(flow);
        }
        stop.abort();
        await talking;
        return sent;
      });
    });

    it('say why, and copy nothing, where VLANs are named that no frame can have', async () => {
      await start();
      const collector = await lab.collector('node-a');
      const vm = await lab.vm('node-a');
      const flow = await lab.flow(await lab.service(collector), vm, 'BOTH', { vlanFilter: '5,4096' });
      const view = await lab.client.until('tap_flows', flow, 'ERROR');
      expect(view.status_reason).toMatch(/vlan_filter 4096 names VLANs above 4095/);
      await lab.expectNothing(collector, vm);
    });
  });

  describe(`${name}: trunks`, () => {
    /** A VM with a trunk: VLAN 5 and VLAN 6 are subports with a neighbour each. */
    async function trunk() {
      const vm = await lab.vm('node-a');
      const node = lab.cloud.node('node-a').switch;
      const subports = [];
      for (const vlan of [5, 6]) {
        const { port: neighbour } = await lab.vm('node-a');
        const id = lab.newPortId();
        await node.addSubport(vm.port, { id, vlan, bridgeDomain: neighbour.bridgeDomain });
        subports.push({ id, vlan, neighbour });
      }
      const [five, six] = subports;
      if (!five || !six) throw new Error('a trunk has two subports');
      await lab.cloud.bindings.bindTrunk('node-a', vm.port.id, subports);
      return { vm, five, six };
    }

    /** Sends on all VLANs both ways, and expects copies, tagged as on the VM's side, of these VLANs only; 0 is untagged. */
    async function expectVlans(
      at: Collector,
      { vm, five, six }: Awaited<ReturnType<typeof trunk>>,
      ...copied: number[]
    ) {
      const tagged = (vlan: number, frames: readonly Uint8Array[]) =>
        vlan === 0 ? [...frames] : frames.map((frame) => taggedFrame(frame, vlan));
      for (const vlan of [0, 5, 6, 7])
        await lab.expectAt(at, `VLAN ${vlan} from the VM`, async () => {
          const frames = tagged(vlan, lab.frames(10));
          await lab.sends(vm, frames);
          return copied.includes(vlan) ? frames : [];
        });
      for (const [vlan, neighbour] of [
        [0, vm.neighbour],
        [5, five.neighbour],
        [6, six.neighbour],
      ] as const)
        await lab.expectAt(at, `VLAN ${vlan} to the VM`, async () => {
          const frames = lab.frames(10);
          await lab.isSent({ ...vm, neighbour }, frames);
          return copied.includes(vlan) ? tagged(vlan, frames) : [];
        });
    }

    for (const node of ['node-a', 'node-b'])
      it(`a subport is a source of its own, with a collector on ${node}`, async () => {
        await start();
        const all = await trunk();
        const collector = await lab.collector(node);
        const service = await lab.service(collector);
        const flow = await lab.flow(service, { ...all.vm, port: { ...all.vm.port, id: all.five.id } });
        await lab.active(flow);
        await expectVlans(collector, all, 5);
      });

    it("a VLAN filter on a trunk's port takes in the subports that it names, and what has no subport", async () => {
      await start();
      const all = await trunk();
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const flow = await lab.flow(service, all.vm, 'BOTH', { vlanFilter: '6-4094' });
      await lab.active(flow);
      await expectVlans(collector, all, 6, 7);
      await lab.client.delete('tap_flows', flow);
      await lab.client.untilGone('tap_flows', flow);
      await expectVlans(collector, all);
    });
  });
}
