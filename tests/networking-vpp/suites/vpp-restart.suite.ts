import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vm, Vms } from '../lab/vms.js';

/** VPP dies under both agents, with all that is in it. */
export function describeVppRestart(lab: () => Vms): void {
  describe('VPP dies and comes back under both agents', () => {
    let source: Vm;
    let near: Vm;
    let collector: Vm;
    let flow: string;

    afterAll(async () => {
      await lab().removeAllTaps();
      await lab().cloud.guests.shutDown();
    });
    beforeAll(async () => {
      const vms = lab();
      const network = await vms.network('crashes');
      collector = await vms.vm(await vms.network('crashes-collectors'), 'node-b');
      source = await vms.vm(network, 'node-a');
      near = await vms.vm(network, 'node-b');
      flow = await vms.flow(await vms.service(collector), source, 'both');
    });

    for (const node of ['node-a', 'node-b'] as const)
      it(`that of ${node}: the tap says so, and copies every frame again without a user's hand`, async () => {
        const vms = lab();
        const { vpp, neighbour } = vms.cloud.node(node);
        await vpp.kill();
        await expect.poll(async () => (await vms.shown(flow)).status, { timeout: 30_000 }).not.toBe('ACTIVE');
        await vpp.start();
        // Whoever keeps networking-vpp's agent running starts it anew when it has ended.
        console.log(`networking-vpp's agent of ${node} after VPP came back: ended ${neighbour.ended}`);
        await neighbour.stop();
        await neighbour.start();
        const since = vms.cloud.clock.monotonic();
        // QEMU waits for VPP to come back to its socket; DPDK's driver does not bear it.
        if (node === 'node-a') source = await vms.reboot(source);
        else [near, collector] = [await vms.reboot(near), await vms.reboot(collector)];
        await vms.becomes(flow, 'ACTIVE');
        console.log(`ACTIVE ${Math.round(vms.cloud.clock.monotonic() - since)} ms after its agent had started`);
        await vms.expectCopies(collector, source, near, 'both');
      });
  });
}
