import { type Capture, type Frame, settled } from '@taas/lab';
import { compareFrames } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ourObjects, restartNetworkingVpp } from './neighbour-agent.js';
import { type Talk, talk } from './talk.js';
import { type Collector, type LabSettings, TapLab, type TestVm } from './tap-lab.js';

/** A second is promised; a busy machine is given more. */
const boundMs = 4_000;

/** Ports that are taken out of their networks, moved and put back while they talk. */
export function describeRebinding(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  let collector: Collector;
  let vm: TestVm;
  let flow: string;
  beforeEach(async () => {
    expect.hasAssertions();
    lab = await TapLab.start(settings());
    collector = await lab.collector('node-b');
    vm = await lab.vm('node-a');
    flow = await lab.flow(await lab.service(collector), vm, 'OUT');
    await lab.active(flow);
  });
  afterEach(async () => {
    await lab?.stop();
  });
  const lookAt = (at: Collector): Promise<Capture> => lab.cloud.node(at.node).switch.capture(at.port);
  const bridge = (domain: number | null) => lab.cloud.node(vm.node).switch.bridgePort(vm.port, domain);
  const status = async (): Promise<string> => {
    const { status, status_reason } = await lab.client.show('tap_flows', flow);
    return `${status} ${status_reason}`.trim();
  };
  /** Ends the talk when copies arrive again, and looks at what became of what was said since `from`. */
  async function account(capture: Capture, talking: Talk, from: number) {
    await lab.active(flow);
    const arrived = await capture.count();
    await lab.eventually(async () => expect(await capture.count()).toBeGreaterThan(arrived + 100));
    const sent = await talking.stop();
    await settled(capture, lab.clock, { atLeast: 0 });
    const got = await capture.stop();
    const { lost, duplicated, foreign } = compareFrames(sent, got);
    expect({ duplicated: duplicated.length, foreign: foreign.length }).toEqual({ duplicated: 0, foreign: 0 });
    const isLost = new Set(lost.map(textOf));
    const late = talking.bursts.filter(
      ({ at, frames }) => at >= from && frames.some((each) => isLost.has(textOf(each))),
    );
    const last = late.at(-1)?.at;
    return { lost: lost.length, gapMs: last === undefined ? 0 : last - from };
  }

  describe(`${name}: ports that are bound anew under traffic`, () => {
    it('a source without a network is not copied, says so, and is copied again once it has one', async () => {
      const { bridgeDomain } = vm.port;
      await bridge(null);
      await lab.eventually(async () => expect(await status()).toMatch(/^PENDING\S* source port .* is not connected/));
      await lab.expectAt(collector, 'nothing of a source in layer 3', async () => {
        await lab.sends(vm, lab.frames(20));
        return [];
      });
      await bridge(bridgeDomain);
      await lab.active(flow);
      // ACTIVE is said when it is so, not before.
      await lab.expectCopies(collector, vm, 'OUT');
    });

    it('a source that is moved to another bridge domain is copied all the time', async () => {
      const capture = await lookAt(collector);
      const talking = talk(lab, vm);
      await talking.more(100);
      for (const domain of [777, 778, vm.port.bridgeDomain]) {
        await bridge(domain);
        await talking.more(100);
        expect(await status()).toBe('ACTIVE');
      }
      expect(await account(capture, talking, 0)).toEqual({ lost: 0, gapMs: 0 });
    });

    it('a source that leaves layer 2 and comes back is copied again within a second', async () => {
      const { bridgeDomain } = vm.port;
      for (let round = 0; round < 3; round += 1) {
        const capture = await lookAt(collector);
        const talking = talk(lab, vm);
        await talking.more(100);
        await bridge(null);
        await bridge(bridgeDomain);
        const back = lab.clock.monotonic();
        await talking.more(20);
        await lab.eventually(async () => expect(await isCopied(capture, talking)).toBe(true));
        const { gapMs } = await account(capture, talking, back);
        expect(gapMs).toBeLessThan(boundMs);
      }
    });

    for (const evicted of [false, true])
      it(`networking-vpp's agent restarts${evicted ? ', and takes the ports out of their networks first' : ''}`, async () => {
        const near = await lab.vm('node-b');
        const second = await lab.flow(await lab.service(await lab.collector('node-a')), near);
        await lab.active(second);
        const nodes = ['node-a', 'node-b'].map((node) => lab.cloud.node(node).switch);
        const before = await Promise.all(nodes.map(ourObjects));
        expect(before.flat().length).toBeGreaterThan(8);
        const capture = await lookAt(collector);
        const talking = talk(lab, vm);
        await talking.more(100);
        const ports = [
          [vm.port, vm.neighbour],
          [collector.port, near.port, near.neighbour],
        ];
        for (const [n, node] of nodes.entries()) await restartNetworkingVpp(node, ports[n] ?? [], evicted);
        const done = lab.clock.monotonic();
        const { lost, gapMs } = await account(capture, talking, done);
        if (!evicted) expect(lost).toBe(0);
        expect(gapMs).toBeLessThan(boundMs);
        await lab.active(second);
        expect(await Promise.all(nodes.map(ourObjects))).toEqual(before);
      });
  });
}

/** Whether what is said next arrives. */
async function isCopied(capture: Capture, talking: Talk): Promise<boolean> {
  const count = await capture.count();
  await talking.more(60);
  return (await capture.count()) >= count + 40;
}

function textOf(frame: Frame): string {
  return Buffer.from(frame).toString('latin1');
}
