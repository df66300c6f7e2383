import { connectToSwitch, HostSender, joinHost, settled } from '@taas/lab';
import { isReceipt, parseReceipt, type Receipt, ReceiptReader } from '@taas/packets';
import { afterEach, describe, expect, it } from 'vitest';
import { fromVppAddress } from 'vpp-api';
import { figuresMs } from './figures.js';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';

const [nodeA, nodeB] = ['node-a', 'node-b'] as const;
/** Where this machine sends from, as the nodes see it. */
const address = '10.98.0.1';
/** Figures are read and written every few seconds, on a busy machine less often. */
const patienceMs = 90_000;

/** What a collector learns from receipts of its loss, against what was sent and captured, to the frame; on whatever switch. */
export function describeReceipts(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  afterEach(async () => {
    await lab?.stop();
  });

  async function start(more: Partial<LabSettings>): Promise<void> {
    const given = settings();
    const sender = new HostSender();
    lab = await TapLab.start({
      ...given,
      ...{ nodes: [nodeA, nodeB], transport: 'either', ...more },
      server: { project_share: 0.5, receipts: { address } },
      // What this machine sends to a real VPP goes by the kernel.
      ...(given.switch === 'simulated' ? { seams: { openSender: sender.open } } : {}),
    });
    await joinHost(lab.cloud, address, undefined, sender);
  }

  const serviceWithReceipts = async (collector: Collector): Promise<string> =>
    (await lab.client.createTapService('scenario', collector.port.id, true)).id;

  const capture = ({ node, port }: Collector) => lab.cloud.node(node).switch.capture(port);

  /** The next frames that a collector is given: so many of them, or a few more. */
  async function some(collector: Collector, count: number): Promise<readonly Uint8Array[]> {
    const captured = await capture(collector);
    await lab.eventually(async () => expect(await captured.count()).toBeGreaterThanOrEqual(count), patienceMs);
    return captured.stop();
  }

  const receiptsOf = (frames: readonly Uint8Array[]): readonly Receipt[] =>
    frames.flatMap((frame) => parseReceipt(frame) ?? []);

  /** Reads what the collector is given until the receipts, of another sender than `before`, say that so many copies were asked for. */
  async function until(asked: bigint, collector: Collector, reader: ReceiptReader, before?: string): Promise<void> {
    await lab.eventually(async () => {
      for (const frame of await some(collector, 2)) reader.take(frame);
      expect(reader.reading?.expected).toEqual({ least: asked, most: asked });
      expect(reader.reading?.sender).not.toBe(before);
    }, patienceMs);
  }

  describe(`${name}: a collector with receipts`, () => {
    for (const transport of ['either', 'vxlan'] as const)
      it(`knows to the frame what it was not given, over ${transport === 'vxlan' ? 'VXLAN' : 'a VLAN'}`, {
        timeout: 400_000,
      }, async () => {
        const often = { intervals: { statistics_ms: 200, budget_ms: 100 } };
        await start({ transport, agent: { ...often, budget: { flow: { max_kbps: 100 } } } });
        const collector = await lab.collector(nodeB);
        const service = await serviceWithReceipts(collector);
        const vm = await lab.vm(nodeA);
        const flow = await lab.flow(service, vm, 'OUT');
        await lab.active(flow);
        const reader = new ReceiptReader(service, 200);
        await until(0n, collector, reader);
        const [sent, got] = [1_000, await copied(vm, collector, 1_000, reader)];
        // The budget has taken some, and not all.
        expect(got).toBeGreaterThan(0);
        expect(got).toBeLessThan(sent);
        await until(BigInt(sent), collector, reader);
        const [missing, all] = [BigInt(sent - got), BigInt(sent)];
        expect(reader.reading).toMatchObject({
          ...{ seen: BigInt(got), expected: { least: all, most: all }, missing: { least: missing, most: missing } },
          surplus: 0n,
        });
        // Receipts are told apart from copies in what nodes have counted, and spoil none of it.
        await lab.eventually(async () => {
          const shown = await lab.client.statistics('tap_services', service);
          const at = (stage: string) =>
            shown.stages.filter((each) => each.stage === stage).reduce((sum, { packets }) => sum + packets, 0);
          expect(at('receipts')).toBeGreaterThan(0);
          expect([at('seen'), at('arrived'), at('offered') - at('receipts')]).toEqual([sent, got, got]);
          expect(shown.lost.filter(({ packets }) => packets > 0)).toEqual([{ cause: 'thinned', packets: sent - got }]);
        }, figuresMs);
      });

    it('is the only one that gets them, until it asks for none', { timeout: 240_000 }, async () => {
      await start({});
      const [collector, other] = [await lab.collector(nodeB), await lab.collector(nodeB)];
      const vm = await lab.vm(nodeA);
      const local = await lab.vm(nodeB);
      const service = await serviceWithReceipts(collector);
      const without = await lab.service(other);
      await lab.active(
        await lab.flow(service, vm, 'OUT'),
        await lab.flow(service, local, 'OUT'),
        await lab.flow(without, vm, 'OUT'),
      );
      const others = [other, vm, local].map((each) => ({ node: each.node, port: each.port }));
      const captures = await Promise.all([...others, { node: nodeA, port: vm.neighbour }].map(capture));
      const frames = await some(collector, 5);
      const receipts = receiptsOf(frames);
      expect(receipts).toHaveLength(frames.length);
      expect(new Set(receipts.map((each) => each.service))).toEqual(new Set([service]));
      const [first] = receipts;
      expect(receipts.map(({ sequence }) => sequence)).toEqual(
        receipts.map((_, n) => (first?.sequence ?? 0n) + BigInt(n)),
      );
      for (const each of captures) expect((await each.stop()).filter(isReceipt)).toEqual([]);
      // Copies come as they did, each once.
      await lab.expectCopies(other, vm, 'OUT');
      await change(service, false);
      await lab.eventually(async () => expect(await tunnelFrom(nodeB)).toBe(false), patienceMs);
      await lab.expectCopies(collector, vm, 'OUT');
      await change(service, true);
      await lab.eventually(async () => expect(await tunnelFrom(nodeB)).toBe(true), patienceMs);
      await some(collector, 2);
    });

    it('begins anew when another server leads, and is given all copies meanwhile', { timeout: 240_000 }, async () => {
      await start({});
      const collector = await lab.collector(nodeB);
      const service = await serviceWithReceipts(collector);
      const vm = await lab.vm(nodeA);
      await lab.active(await lab.flow(service, vm, 'OUT'));
      const reader = new ReceiptReader(service, 200);
      await until(0n, collector, reader);
      const { sender } = reader.reading ?? {};
      await lab.cloud.server().stop('kill');
      expect(await tunnelFrom(nodeB)).toBe(true);
      expect(await copied(vm, collector, 20, reader)).toBe(20);
      await lab.cloud.server().start();
      await until(0n, collector, reader, sender);
      expect(await copied(vm, collector, 30, reader)).toBe(30);
      await until(30n, collector, reader);
      expect(reader.reading).toMatchObject({ seen: 30n, missing: { least: 0n, most: 0n }, surplus: 0n });
    });

    it('is followed to another node', { timeout: 240_000 }, async () => {
      await start({});
      const collector = await lab.collector(nodeB);
      const service = await serviceWithReceipts(collector);
      const vm = await lab.vm(nodeA);
      const flow = await lab.flow(service, vm, 'OUT');
      await lab.active(flow);
      const before = receiptsOf(await some(collector, 2));
      await lab.cloud.bindings.unbind(nodeB, collector.port.id);
      await lab.cloud.node(nodeB).switch.removePort(collector.port);
      const moved = await lab.collector(nodeA, collector.port.id);
      await lab.active(flow);
      const after = receiptsOf(await some(moved, 2));
      expect(after.at(-1)?.sender).toBe(before.at(-1)?.sender);
      await lab.eventually(async () => expect(await tunnelFrom(nodeB)).toBe(false), patienceMs);
    });
  });

  /** The VM sends. @returns how many copies the collector has got, all of which the reader was given */
  async function copied(vm: TestVm, collector: Collector, count: number, reader: ReceiptReader): Promise<number> {
    const captured = await capture(collector);
    await lab.sends(vm, lab.frames(count));
    await settled(captured, lab.clock, { atLeast: 0, quietMs: 500 });
    const frames = await captured.stop();
    return frames.filter((frame) => reader.take(frame) === 'copy').length;
  }

  async function change(service: string, receipts: boolean): Promise<void> {
    const { status } = await lab.cloud.ask('PUT', `tap_services/${service}`, {
      project: lab.project,
      body: { tap_service: { receipts } },
    });
    expect(status).toBe(200);
  }

  /** Whether a node's VPP has a tunnel from this machine. */
  async function tunnelFrom(node: string): Promise<boolean> {
    const vpp = await connectToSwitch(lab.cloud.node(node).switch, 'somebody');
    try {
      const tunnels = await vpp.dump('vxlan_tunnel_v2_dump', { sw_if_index: 0xffffffff });
      return tunnels.some(({ dst_address }) => fromVppAddress(dst_address) === address);
    } finally {
      await vpp.close();
    }
  }
}
