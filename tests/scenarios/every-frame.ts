import type { Capture, Frame } from '@taas/lab';
import { compareFrames, sampleTraffic, serialPayload, udp } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';

/** Of frames without FCS, from the shortest that Ethernet has; 1514 is a full one, 1518 that with a tag. */
const lengths = [60, 61, 64, 127, 1514, 1518, 2047, 2048, 2049, 4096, 8999, 9000] as const;
const vmMac = '02:aa:00:00:00:01';
const peerMac = '02:fe:00:00:00:02';

interface Conversation {
  readonly OUT: readonly Frame[];
  readonly IN: readonly Frame[];
  readonly BOTH: readonly Frame[];
}

/** Every kind of frame, by many taps at once: each arrives once where it should, byte for byte. */
export function describeEveryFrame(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  let conversations: number;
  beforeEach(() => {
    expect.hasAssertions();
    conversations = 0;
  });
  afterEach(async () => {
    await lab?.stop();
  });

  /** Broadcast of every length, and the kinds of {@link sampleTraffic}: multicast, unicast, with one tag and with two. */
  function conversation(): Conversation {
    conversations += 1;
    const firstSerial = conversations * 10_000;
    const kinds = sampleTraffic({ vmMac, firstSerial, rounds: 2 });
    const sized = (from: number, src: string) => lengths.map((length, n) => broadcast(from + n, length, src));
    const kind = (sentByVm: boolean) => kinds.filter((each) => each.sentByVm === sentByVm).map(({ frame }) => frame);
    const OUT = [...kind(true), ...sized(firstSerial + 5_000, vmMac)];
    const IN = [...kind(false), ...sized(firstSerial + 6_000, peerMac)];
    return { OUT, IN, BOTH: [...OUT, ...IN] };
  }

  /** The VM talks with its neighbour, and each collector is given what its direction says. */
  async function expectCopies(vm: TestVm, collectors: readonly (readonly [Collector, keyof Conversation])[]) {
    const captures: Capture[] = [];
    for (const [{ node, port }] of collectors) captures.push(await lab.cloud.node(node).switch.capture(port));
    const said = conversation();
    await lab.sends(vm, said.OUT);
    await lab.isSent(vm, said.IN);
    const wanted = collectors.map(([, direction]) => said[direction]);
    await lab.eventually(async () => {
      const counts = await Promise.all(captures.map((capture) => capture.count()));
      expect(counts).toEqual(wanted.map(({ length }) => length));
    });
    for (const [n, capture] of captures.entries()) {
      const { lost, duplicated, foreign } = compareFrames(wanted[n] ?? [], await capture.stop());
      const counts = { lost: lost.length, duplicated: duplicated.length, foreign: foreign.length };
      expect(counts).toEqual({ lost: 0, duplicated: 0, foreign: 0 });
    }
  }

  describe(`${name}: every frame`, () => {
    for (const transport of ['vlan', 'vxlan'] as const)
      it(`eight services of one source, here and by ${transport} on the other node, each get it whole`, async () => {
        lab = await TapLab.start({ ...settings(), transport });
        const directions = ['BOTH', 'OUT', 'IN', 'BOTH'] as const;
        const collectors: (readonly [Collector, keyof Conversation])[] = [];
        for (const node of ['node-a', 'node-b'])
          for (const direction of directions) collectors.push([await lab.collector(node), direction]);
        const vm = await lab.vm('node-a');
        const flows: string[] = [];
        for (const [collector, direction] of collectors)
          flows.push(await lab.flow(await lab.service(collector), vm, direction));
        await lab.active(...flows);
        await expectCopies(vm, collectors);
        // The other taps of a source do not notice that one goes.
        await lab.client.delete('tap_flows', flows[0] ?? '');
        await lab.client.untilGone('tap_flows', flows[0] ?? '');
        await expectCopies(vm, collectors.slice(1));
      });

    it('two flows of one source and service, one for each direction', async () => {
      lab = await TapLab.start(settings());
      for (const node of ['node-a', 'node-b']) {
        const collector = await lab.collector('node-b');
        const [service, vm] = [await lab.service(collector), await lab.vm(node)];
        const flows = [await lab.flow(service, vm, 'IN'), await lab.flow(service, vm, 'OUT')];
        await lab.active(...flows);
        await expectCopies(vm, [[collector, 'BOTH']]);
        await lab.client.delete('tap_flows', flows[0] ?? '');
        await lab.client.untilGone('tap_flows', flows[0] ?? '');
        await expectCopies(vm, [[collector, 'OUT']]);
      }
    });
  });
}

/** A broadcast frame of just this length. */
export function broadcast(serial: number, length: number, src = vmMac): Frame {
  const headers = 14 + 20 + 8;
  return udp({
    ...{ src, dst: 'ff:ff:ff:ff:ff:ff', srcIp: '192.0.2.1', dstIp: '192.0.2.255', srcPort: 1000, dstPort: 2000 },
    payload: serialPayload(serial, length - headers),
  });
}
