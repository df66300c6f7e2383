import type { Frame } from '@taas/lab';
import { keys, type StatisticsRecord, statisticsCodec } from '@taas/model';
import { udp } from '@taas/packets';
import { ownTag } from '@taas/wiring';
import { afterEach, describe, expect, it } from 'vitest';
import { Figures, figuresMs, packetsOf } from './figures.js';
import { type Collector, type LabSettings, TapLab } from './tap-lab.js';

const nodes = ['node-a', 'node-b'];
const often = { intervals: { statistics_ms: 200 } };

/** Figures that a node publishes of a tap, against what was sent and captured, to the frame; on whatever switch. */
export function describeCounters(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  afterEach(async () => {
    await lab?.stop();
  });

  const expectFigures: Figures['expect'] = (...asked) => new Figures(lab).expect(...asked);
  const record: Figures['record'] = (...which) => new Figures(lab).record(...which);

  /** Hears each record that is written there, until it is stopped. */
  async function follow(key: string): Promise<{ stop(): Promise<readonly StatisticsRecord[]> }> {
    const [heard, end] = [[] as StatisticsRecord[], new AbortController()];
    let listening: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => {
      listening = resolve;
    });
    const following = (async () => {
      for await (const event of lab.cloud.store.follow([key], end.signal))
        if (event.kind === 'snapshot') listening();
        else if (event.kind === 'changes')
          for (const change of event.changes)
            if (change.kind === 'put') heard.push(statisticsCodec.parse(key, change.entry.value));
    })();
    await ready;
    return {
      stop: async () => {
        end.abort();
        await following;
        return heard;
      },
    };
  }

  /** Sends, and expects these frames at the collector; so they have been counted when this is over. */
  async function copies(at: Collector, send: () => Promise<readonly Frame[]>): Promise<void> {
    await lab.expectAt(at, 'copies that are counted', send);
  }

  const other = (serial: number) =>
    udp({
      ...{ src: '02:aa:00:00:00:01', dst: 'ff:ff:ff:ff:ff:ff', srcIp: '192.0.2.1', dstIp: '192.0.2.255' },
      ...{ srcPort: 1000, dstPort: 3000, payload: Uint8Array.of(serial, 1, 2, 3) },
    });

  for (const transport of ['vlan', 'vxlan'] as const)
    it(`${name}: a flow over ${transport} is counted from its source to its collector, over restarts, until it goes`, {
      timeout: 240_000,
    }, async () => {
      lab = await TapLab.start({ ...settings(), nodes, transport, agent: often });
      const collector = await lab.collector('node-b');
      const service = await lab.service(collector);
      const vm = await lab.vm('node-a');
      const flow = await lab.flow(service, vm);
      await lab.active(flow);

      let [out, into] = [0, 0];
      const talk = async (sent: number, received: number) => {
        await copies(collector, async () => {
          const [a, b] = [lab.frames(sent), lab.frames(received)];
          await lab.sends(vm, a);
          await lab.isSent(vm, b);
          return [...a, ...b];
        });
        out += sent;
        into += received;
      };
      const expectAll = async () => {
        const all = out + into;
        await expectFigures('node-a', 'tap_flows', flow, { 'seen IN': into, 'seen OUT': out });
        await expectFigures('node-a', 'tap_services', service, {
          ...{ 'seen IN': into, 'seen OUT': out, 'sent BOTH': all },
        });
        await expectFigures('node-b', 'tap_services', service, {
          ...{ 'arrived BOTH': all, 'offered BOTH': all, 'delivered BOTH': all },
          ...{ 'ring_dropped BOTH': 0, 'no_vm BOTH': 0 },
        });
      };
      await talk(30, 20);
      await expectAll();
      // What a tenant is told: nothing is missing, from the source to the collector.
      const shown = await lab.client.statistics('tap_services', service);
      expect(shown).toMatchObject({ current: true, unaccounted: 0, completeness: 1, unanswered: [] });
      expect(shown.stages).toContainEqual(expect.objectContaining({ stage: 'delivered', packets: 50 }));
      expect(shown.lost.filter(({ packets }) => packets > 0)).toEqual([]);

      // kill -9 where it is a program of its own; what was counted is on the disk, or is counted again.
      for (const node of nodes) await lab.cloud.node(node).agent.restart('kill');
      await talk(7, 5);
      await expectAll();

      // VPP's counters begin at zero, and the tap's do not.
      for (const node of nodes) {
        await lab.cloud.node(node).switch.restart();
        await lab.eventually(() => lab.client.until('tap_flows', flow, 'ACTIVE').then(() => undefined), figuresMs);
      }
      await lab.eventually(async () => {
        const own = [await record('node-a', 'tap_flows', flow), await record('node-b', 'tap_services', service)];
        for (const { gaps } of own)
          expect(gaps.find(({ cause }) => cause === 'vpp_restarted')?.milliseconds ?? 0).toBeGreaterThan(0);
      }, figuresMs);
      const before = packetsOf(await record('node-a', 'tap_flows', flow));
      await lab.client.until('tap_flows', flow, 'ACTIVE');
      await talk(11, 13);
      await expectAll();
      expect(Number(before['seen OUT'])).toBe(out - 11);

      // The last figures are there until the server has taken them, and the tap with them.
      const figures = keys.statistics('node-a', 'tap_flows', flow);
      const heard = await follow(figures);
      await lab.client.delete('tap_flows', flow);
      await lab.client.untilGone('tap_flows', flow);
      await lab.eventually(async () => expect(await lab.cloud.store.get(figures)).toBeUndefined(), figuresMs);
      const last = (await heard.stop()).at(-1);
      expect([last?.final, last && packetsOf(last)]).toEqual([true, { 'seen IN': into, 'seen OUT': out }]);
    });

  it(`${name}: an exact flow is counted by itself, and each frame is copied once all the same`, {
    timeout: 240_000,
  }, async () => {
    lab = await TapLab.start({ ...settings(), nodes, agent: often });
    const collector = await lab.collector('node-b');
    const service = await lab.service(collector);
    const [first, second] = [await lab.vm('node-a'), await lab.vm('node-a')];
    const exact = await lab.flow(service, first, 'OUT', { accounting: 'exact' });
    const shared = await lab.flow(service, second, 'OUT');
    await lab.active(exact, shared);
    const talk = (a: number, b: number) =>
      copies(collector, async () => {
        const [from, to] = [lab.frames(a), lab.frames(b)];
        await lab.sends(first, from);
        await lab.sends(second, to);
        return [...from, ...to];
      });
    await talk(13, 8);
    await expectFigures('node-a', 'tap_flows', exact, { 'seen OUT': 13, 'copied OUT': 13 });
    await expectFigures('node-a', 'tap_flows', shared, { 'seen OUT': 8 });
    // Another flow asks for the same of the same port: one of them copies.
    const twin = await lab.flow(service, first, 'BOTH');
    await lab.active(twin);
    await talk(4, 3);
    await lab.client.delete('tap_flows', twin);
    await lab.client.untilGone('tap_flows', twin);
    await talk(2, 1);
    await lab.client.accountTapFlow(shared, 'exact');
    await lab.eventually(async () => {
      const tag = ownTag('flow', shared);
      expect(await lab.findTagged('node-a', tag)).toBe(true);
    }, figuresMs);
    await lab.active(exact, shared);
    await talk(5, 6);
    await expectFigures('node-a', 'tap_flows', exact, { 'seen OUT': 24 });
    // What it shared is not told as if it had been counted from the beginning.
    await expectFigures('node-a', 'tap_flows', shared, { 'seen OUT': 18 });
    const late = await lab.flow(service, second, 'IN', { accounting: 'exact' });
    await lab.active(late);
    await copies(collector, async () => {
      const sent = lab.frames(7);
      await lab.isSent(second, sent);
      return sent;
    });
    await expectFigures('node-a', 'tap_flows', late, { 'seen IN': 7, 'copied IN': 7 });
    // One that others copy for in one direction has seen that, too.
    const third = await lab.vm('node-a');
    const partly = await lab.flow(service, third, 'BOTH', { accounting: 'exact' });
    await lab.active(partly, await lab.flow(service, third, 'IN'));
    await copies(collector, async () => {
      const [out, into] = [lab.frames(4), lab.frames(3)];
      await lab.sends(third, out);
      await lab.isSent(third, into);
      return [...out, ...into];
    });
    await expectFigures('node-a', 'tap_flows', partly, { 'seen OUT': 4, 'seen IN': 3 });
  });

  describe(`${name}: what does not arrive`, () => {
    it('is counted where it was left: by a filter, and for want of a VM', { timeout: 240_000 }, async () => {
      lab = await TapLab.start({ ...settings(), nodes, agent: often });
      const collector = await lab.collector('node-a', lab.newPortId(), true);
      const service = await lab.service(collector);
      const vm = await lab.vm('node-a');
      const filterRules = [{ action: 'accept', protocol: 17, destination_port: '2000' }];
      const picky = await lab.flow(service, vm, 'OUT', { filterRules });
      await lab.active(picky);
      await copies(collector, async () => {
        const wanted = lab.frames(12);
        await lab.sends(vm, [...wanted, ...Array.from({ length: 8 }, (_, n) => other(n))]);
        return wanted;
      });
      await expectFigures('node-a', 'tap_flows', picky, { 'seen OUT': 20, 'copied OUT': 20, 'filtered OUT': 8 });
      const service12 = { 'seen OUT': 20, 'copied OUT': 20, 'filtered OUT': 8, 'ring_dropped BOTH': 0 };
      await expectFigures('node-a', 'tap_services', service, {
        ...service12,
        ...{ 'offered BOTH': 12, 'no_vm BOTH': 0, 'delivered BOTH': 12 },
      });

      await lab.cloud.node('node-a').switch.setAttached(collector.port, false);
      await lab.client.until('tap_services', service, 'DOWN');
      await lab.sends(vm, lab.frames(9));
      await expectFigures('node-a', 'tap_services', service, {
        ...{ 'seen OUT': 29, 'copied OUT': 29, 'filtered OUT': 8, 'ring_dropped BOTH': 0 },
        ...{ 'offered BOTH': 21, 'no_vm BOTH': 9, 'delivered BOTH': 12 },
      });
      await expectFigures('node-a', 'tap_flows', picky, { 'seen OUT': 29, 'copied OUT': 29, 'filtered OUT': 8 });
    });
  });
}
