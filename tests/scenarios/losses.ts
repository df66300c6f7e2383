import { settled } from '@taas/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { Figures, figuresMs } from './figures.js';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';
import { Vandal } from './vandal.js';

const nodes = ['node-a', 'node-b', 'node-c'];
/** Counters are read the less often the longer it takes, which on a busy machine is long. */
const patienceMs = 90_000;
const often = { intervals: { statistics_ms: 200, budget_ms: 100 } };

/** Losses that are made on purpose, and told to the frame; on whatever switch. */
export function describeLosses(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  let figures: Figures;
  afterEach(async () => {
    await lab?.stop();
  });

  async function tap(more: Partial<LabSettings>) {
    lab = await TapLab.start({ ...settings(), nodes, agent: often, ...more });
    figures = new Figures(lab);
    const collector = await lab.collector('node-b');
    const service = await lab.service(collector);
    const vm = await lab.vm('node-a');
    const flow = await lab.flow(service, vm, 'OUT');
    await lab.active(flow);
    return { collector, service, vm, flow };
  }

  /** The VM sends. @returns how many copies the collector has got */
  async function copied(vm: TestVm, collector: Collector, count: number): Promise<number> {
    const capture = await lab.cloud.node(collector.node).switch.capture(collector.port);
    await lab.sends(vm, lab.frames(count));
    await settled(capture, lab.clock, { atLeast: 0 });
    return (await capture.stop()).length;
  }

  async function expectStatusOf(flow: string, code: RegExp): Promise<void> {
    expect((await lab.client.show('tap_flows', flow)).status_code).toMatch(code);
  }

  describe(`${name}: losses`, () => {
    it('by a budget are thinned, to the frame', { timeout: 120_000 }, async () => {
      const budget = { flow: { max_kbps: 100 } };
      const { collector, service, vm, flow } = await tap({ agent: { ...often, budget } });
      const sent = 1000;
      const got = await copied(vm, collector, sent);
      expect(got).toBeGreaterThan(0);
      expect(got).toBeLessThan(sent);
      const own = { 'seen OUT': sent, 'copied OUT': sent, 'thinned OUT': sent - got };
      await figures.expect('node-a', 'tap_flows', flow, own);
      await figures.expect('node-b', 'tap_services', service, {
        ...{ 'arrived BOTH': got, 'offered BOTH': got, 'delivered BOTH': got, 'ring_dropped BOTH': 0, 'no_vm BOTH': 0 },
      });
      const shown = await lab.client.statistics('tap_services', service);
      expect(shown.lost.filter(({ packets }) => packets > 0)).toEqual([{ cause: 'thinned', packets: sent - got }]);
      expect(shown).toMatchObject({ unaccounted: 0, completeness: got / sent });
    });

    it('by a node that is away are told, and nothing of them is unaccounted', { timeout: 240_000 }, async () => {
      const { collector, service, vm, flow } = await tap({});
      expect(await copied(vm, collector, 20)).toBe(20);
      // What VPP had counted since the last reading goes with it.
      await figures.expect('node-b', 'tap_services', service, {
        ...{ 'arrived BOTH': 20, 'offered BOTH': 20, 'delivered BOTH': 20, 'ring_dropped BOTH': 0, 'no_vm BOTH': 0 },
      });
      await lab.cloud.node('node-b').switch.kill();
      await lab.sends(vm, lab.frames(15));
      await lab.cloud.node('node-b').switch.restart();
      await lab.eventually(() => lab.client.until('tap_flows', flow, 'ACTIVE').then(() => undefined), figuresMs);
      expect(await copied(vm, collector, 10)).toBe(10);
      await lab.eventually(async () => {
        const shown = await lab.client.statistics('tap_services', service);
        expect(shown).toMatchObject({ current: true, unaccounted: 0 });
        const at = (stage: string) =>
          shown.stages.filter((each) => each.stage === stage).reduce((sum, { packets }) => sum + packets, 0);
        // The flow is taken off its node while nobody is there to receive, and then nobody looks at the source.
        expect(at('seen')).toBeGreaterThanOrEqual(30);
        expect(at('delivered')).toBe(30);
        const lost = shown.lost.reduce((sum, { packets }) => sum + packets, 0);
        const notMirrored = shown.lost.find(({ cause }) => cause === 'not_mirrored')?.packets ?? 0;
        expect(lost).toBe(at('seen') + notMirrored - 30);
      }, figuresMs);
    });

    for (const transport of ['vlan', 'vxlan'] as const)
      for (const node of ['node-a', 'node-b'] as const)
        it(`by an uplink of ${node} that is down, over ${transport}, are told to the frame`, {
          timeout: 400_000,
        }, async () => {
          const { collector, service, vm, flow } = await tap({ transport, nodes: ['node-a', 'node-b'] });
          // Over all of it: what waits at an uplink that is down may come when it is up.
          const capture = await lab.cloud.node('node-b').switch.capture(collector.port);
          const sent = { before: 20, unnoticed: 15, noticed: 10, after: 12 };
          const arrived = async (count: number) =>
            lab.eventually(async () => expect(await capture.count()).toBeGreaterThanOrEqual(count), patienceMs);
          await lab.sends(vm, lab.frames(sent.before));
          await arrived(sent.before);
          // From here on they are asked for, and so read every few seconds on a busy machine, too.
          await figures.expect('node-a', 'tap_services', service, { 'seen OUT': 20, 'sent BOTH': 20 });
          await figures.expect('node-b', 'tap_services', service, {
            ...{
              'arrived BOTH': 20,
              'offered BOTH': 20,
              'delivered BOTH': 20,
              'ring_dropped BOTH': 0,
              'no_vm BOTH': 0,
            },
          });
          const vandal = await Vandal.at(lab.cloud.node(node).switch);
          try {
            const uplink = await vandal.uplink();
            await vandal.setUp(uplink, false);
            await lab.sends(vm, lab.frames(sent.unnoticed));
            await lab.eventually(() => expectStatusOf(flow, /^(link_down|no_route)$/), patienceMs);
            await lab.sends(vm, lab.frames(sent.noticed));
            await vandal.setUp(uplink, true);
          } finally {
            await vandal.leave();
          }
          await lab.eventually(() => lab.client.until('tap_flows', flow, 'ACTIVE').then(() => undefined), patienceMs);
          await lab.sends(vm, lab.frames(sent.after));
          await arrived(sent.before + sent.after);
          await settled(capture, lab.clock, { atLeast: 0 });
          const got = (await capture.stop()).length;
          const all = Object.values(sent).reduce((sum, each) => sum + each, 0);
          await lab.eventually(async () => {
            const shown = await lab.client.statistics('tap_services', service);
            const at = (stage: string) =>
              shown.stages.filter((each) => each.stage === stage).reduce((sum, { packets }) => sum + packets, 0);
            const lost = shown.lost.reduce((sum, { packets }) => sum + packets, 0);
            // While its way out is away a flow may be off its port: that is the flow's own, and nobody has seen those frames.
            const own = await lab.client.statistics('tap_flows', flow);
            const missed = own.lost.find(({ cause }) => cause === 'not_mirrored')?.packets ?? 0;
            const ofPort = own.stages.reduce(
              (sum, { stage, packets }) => sum + (stage === 'seen' ? packets : 0),
              missed,
            );
            const told = { current: shown.current && own.current, delivered: at('delivered'), ofPort };
            expect({ ...told, left: at('seen') - lost }).toEqual({
              current: true,
              delivered: got,
              ofPort: all,
              left: got,
            });
            // A frame at the moment at which the mirror goes may be copied and be told as missing, too; none is untold.
            expect(lost + missed).toBeGreaterThanOrEqual(all - got);
          }, patienceMs);
        });

    it('of a source that moves are told, to the frame', { timeout: 120_000 }, async () => {
      const { collector, service, vm, flow } = await tap({});
      expect(await copied(vm, collector, 20)).toBe(20);
      await lab.cloud.bindings.unbind('node-a', vm.port.id);
      await lab.cloud.node('node-a').switch.removePort(vm.port);
      const there = await lab.vm('node-c', vm.port.id);
      await lab.active(flow);
      expect(await copied(there, collector, 30)).toBe(30);
      await lab.eventually(async () => {
        const shown = await lab.client.statistics('tap_services', service);
        expect(shown).toMatchObject({ current: true, unaccounted: 0, completeness: 1 });
        expect(shown.stages).toContainEqual(expect.objectContaining({ stage: 'seen', packets: 50 }));
        expect(shown.stages).toContainEqual(expect.objectContaining({ stage: 'delivered', packets: 50 }));
      }, figuresMs);
    });
  });
}
