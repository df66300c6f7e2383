import { RealSwitch } from '@taas/lab';
import { afterEach, expect, it } from 'vitest';
import { broadcast } from './every-frame.js';
import { type LabSettings, TapLab } from './tap-lab.js';

/** Copies that are longer than an uplink takes at once. */
export function describeMtu(settings: () => LabSettings): void {
  let lab: TapLab | undefined;

  afterEach(async () => {
    await lab?.stop();
  });

  // A tag is not counted, and no MTU is asked for in layer 2. VXLAN's packets are cut up and put together again by VPP, of four
  // pieces at most.
  it.each([
    { transport: 'vlan', whole: [64, 1464, 1465, 1514, 9000], lost: [] },
    { transport: 'vxlan', whole: [64, 1464, 1465, 1514, 4096, 5000], lost: [6500, 9000] },
  ] as const)(
    "an uplink's MTU of 1500: over $transport frames of $whole bytes arrive, and of $lost do not",
    async (of) => {
      const started = await TapLab.start({ ...settings(), transport: of.transport });
      lab = started;
      for (const name of ['node-a', 'node-b']) {
        const node = started.cloud.node(name).switch;
        if (!(node instanceof RealSwitch)) throw new Error('the simulator has no MTUs');
        await node.cli('set interface mtu packet 1500 memif1/0');
      }
      const collector = await started.collector('node-b');
      const vm = await started.vm('node-a');
      const flow = await started.flow(await started.service(collector), vm);
      await started.active(flow);
      await started.expectAt(collector, 'frames of all lengths, whole or not at all', async () => {
        const whole = of.whole.map((length, n) => broadcast(n, length));
        await started.sends(vm, [...whole, ...of.lost.map((length, n) => broadcast(100 + n, length))]);
        return whole;
      });
      expect((await started.client.show('tap_flows', flow)).status).toBe('ACTIVE');
    },
  );
}
