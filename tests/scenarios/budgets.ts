import { connectToSwitch, settled } from '@taas/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';

/** Frames that cost so much are far above any budget here, and go within a moment on any machine. */
const many = 1000;
const frameBytes = 106;
/** What a policer lets through at once of the lowest budget; and then `max_kbps` refills it by 12.5 bytes a millisecond. */
const atOnce = Math.floor(20_000 / frameBytes);

/** Budgets of flows, mirrors and nodes, on whatever switch. */
export function describeBudgets(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  const start = async (budget: object): Promise<void> => {
    const agent = { budget, intervals: { budget_ms: 100 } };
    lab = await TapLab.start({ ...settings(), agent });
  };
  afterEach(async () => {
    await lab?.stop();
  });

  /** A tap of a new VM to a new collector. */
  async function tap(collectorNode: string) {
    const collector = await lab.collector(collectorNode);
    const vm = await lab.vm('node-a');
    const flow = await lab.flow(await lab.service(collector), vm, 'OUT');
    await lab.active(flow);
    return { collector, vm, flow };
  }

  /** Sends frames of the VM at once. @returns how many of them its neighbour got, and how many the collector */
  async function burst({ vm, collector }: { vm: TestVm; collector: Collector }, count: number) {
    const own = await lab.cloud.node(vm.node).switch.capture(vm.neighbour);
    const copies = await lab.cloud.node(collector.node).switch.capture(collector.port);
    await lab.sends(vm, lab.frames(count));
    await lab.eventually(async () => expect(await own.count()).toBe(count));
    const copied = await settled(copies, lab.clock, { atLeast: 0 });
    await copies.stop();
    return { own: (await own.stop()).length, copied };
  }

  const shown = async (flow: string) => {
    const { status, status_reason } = await lab.client.show('tap_flows', flow);
    return `${status} ${status_reason}`.trim();
  };

  describe(`${name}: budgets`, () => {
    for (const node of ['node-a', 'node-b'])
      it(`of kbit/s thin the copies of one flow to a collector on ${node}, and nothing else`, async () => {
        await start({ flow: { max_kbps: 100 } });
        const [over, other] = [await tap(node), await tap(node)];
        await lab.expectCopies(over.collector, over.vm, 'OUT');
        const got = await burst(over, many);
        expect(got.own).toBe(many);
        expect(got.copied).toBeGreaterThan(atOnce / 2);
        expect(got.copied).toBeLessThan(many * 0.9);
        await lab.eventually(async () =>
          expect(await shown(over.flow)).toBe('ACTIVE warning: not all is copied, to keep to 100 kbit/s'),
        );
        expect(await shown(other.flow)).toBe('ACTIVE');
        await lab.expectCopies(other.collector, other.vm, 'OUT');
        await lab.eventually(async () => expect(await shown(over.flow)).toBe('ACTIVE'));
        await lab.expectCopies(over.collector, over.vm, 'OUT');
      });

    it('of packets/s suspend the flow that is over, which comes back by itself', { timeout: 60_000 }, async () => {
      // So long that it is seen on a busy machine, too.
      await start({ flow: { max_pps: 200 }, suspend_ms: 10_000 });
      const [over, other] = [await tap('node-b'), await tap('node-b')];
      expect((await burst(over, many)).own).toBe(many);
      await lab.eventually(async () =>
        expect(await shown(over.flow)).toBe(
          'ERROR suspended: more than the 200 packets/s that a flow may copy; tried again after 10 s',
        ),
      );
      expect(await burst(over, 10)).toEqual({ own: 10, copied: 0 });
      expect(await shown(other.flow)).toBe('ACTIVE');
      expect(await burst(other, 10)).toEqual({ own: 10, copied: 10 });
      await lab.eventually(async () => expect(await shown(over.flow)).toBe('ACTIVE'), 20_000);
      expect(await burst(over, 10)).toEqual({ own: 10, copied: 10 });
    });

    it('of a node suspend the flow that copies most of all', { timeout: 60_000 }, async () => {
      await start({ node: { max_pps: 500 }, suspend_ms: 60_000 });
      const [over, other] = [await tap('node-b'), await tap('node-a')];
      await burst(other, 5);
      expect((await burst(over, 10 * many)).own).toBe(10 * many);
      await lab.eventually(async () =>
        expect(await shown(over.flow)).toMatch(/^ERROR suspended: the taps of its node/),
      );
      expect(await shown(other.flow)).toBe('ACTIVE');
      expect(await burst(other, 5)).toEqual({ own: 5, copied: 5 });
    });

    it('are for each direction of a tap mirror, and leave nothing in VPP when all is deleted', async () => {
      await start({ flow: { max_kbps: 100 } });
      const { vm, flow } = await tap('node-b');
      const filters = { filterRules: [{ action: 'accept', protocol: 'udp' }], vlanFilter: '5' } as const;
      const second = await lab.flow(await lab.service(await lab.collector('node-a')), vm, 'BOTH', filters);
      await lab.active(second);
      const mirrored = { name: 'scenario', portId: (await lab.vm('node-a')).port.id, type: 'erspanv1' } as const;
      const mirror = await lab.client.createTapMirror({
        ...mirrored,
        remoteIp: '198.51.100.9',
        directions: { OUT: 7 },
      });
      const vpp = await connectToSwitch(lab.cloud.node('node-a').switch, 'scenario');
      const names = async () =>
        (await vpp.dump('policer_dump_v2', { policer_index: 0xffff_ffff })).map((each) => each.name).sort();
      try {
        const made = [`taas.flow:${flow}`, `taas.flow:${second}`, `taas.mirror:${mirror.id}/OUT`];
        await lab.eventually(async () => expect(await names()).toEqual(made.sort()));
        for (const id of [flow, second]) await lab.client.delete('tap_flows', id);
        await lab.client.delete('tap_mirrors', mirror.id);
        await lab.eventually(async () => expect(await names()).toEqual([]));
        expect((await vpp.request('classify_table_ids', {})).ids).toEqual([]);
        expect(await vpp.dump('policer_classify_dump', { type: 2, sw_if_index: 0 })).toEqual([]);
      } finally {
        await vpp.close();
      }
    });
  });
}
