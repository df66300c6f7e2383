import { readCounters } from '@taas/agent';
import { percentile } from '@taas/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Interface } from '../lab/node-vpp.js';
import type { Vm, Vms } from '../lab/vms.js';

const creations = Number(process.env['NETWORKING_VPP_CREATIONS'] ?? 100);
/** Frames a second of the sources. */
const rate = 2_000;

/** How long a user waits for the first copy, with networking-vpp's agent on the node. Printed, not judged: other programs run here, too. */
export function describeMeasures(lab: () => Vms): void {
  describe('create to the first copy', () => {
    let near: Vm;
    let far: Vm;
    let collector: Vm;
    let service: string;

    afterAll(async () => {
      await lab().removeAllTaps();
      await lab().cloud.guests.shutDown();
    });
    beforeAll(async () => {
      const vms = lab();
      const network = await vms.network('measured');
      collector = await vms.vm(await vms.network('measured-collectors'), 'node-b');
      near = await vms.vm(network, 'node-b');
      far = await vms.vm(network, 'node-a');
      service = await vms.service(collector);
    });

    it(`${creations} tap flows, of a source on the node and of one on the other in turn`, async () => {
      const { clock } = lab().cloud;
      const vms = lab();
      const times: number[] = [];
      const statuses: number[] = [];
      for (const source of [near, far]) await chatter(source);
      try {
        for (let n = -10; n < creations; n += 1) {
          const before = await still();
          const source = n % 2 === 0 ? near : far;
          const start = clock.monotonic();
          const wanted = { name: 'm', tap_service_id: service, source_port: source.id, direction: 'OUT' };
          const made = await vms.taas('POST', 'tap_flows', { tap_flow: wanted });
          const answered = clock.monotonic() - start;
          while ((await given()) === before) {
            if (clock.monotonic() - start > 20_000) throw new Error('no copy within 20 s');
            await clock.sleep(1);
          }
          if (n >= 0) times.push(clock.monotonic() - start);
          if (n >= 0) statuses.push(answered);
          await vms.taas('DELETE', `tap_flows/${made.body.tap_flow.id}`);
        }
      } finally {
        for (const source of [near, far]) await quiet(source);
      }
      const say = (what: string, values: readonly number[]) => {
        const shown = [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${percentile(values, share).toFixed(1)} ms`);
        console.log(`${what}: ${shown.join(', ')}, of ${values.length}`);
      };
      say('create to its answer', statuses);
      say('create to the first copy', times);
      expect(times).toHaveLength(creations);
    });

    /** As if the VM sent, at its interface: the drivers of VMs here are held most of the time. */
    const chatter = async ({ id, node }: Vm) => {
      const { vpp } = lab().cloud.node(node);
      const name = (await vpp.port(id))?.interface_name;
      const data =
        'IP4: 02:00:00:00:00:01 -> 02:00:00:00:00:02 UDP: 10.0.0.1 -> 10.0.0.2 UDP: 1234 -> 2345 incrementing 58';
      await vpp.cli(
        `packet-generator new { name chatter limit 0 rate ${rate} size 100-100 interface ${name} node ethernet-input data { ${data} } }`,
      );
      await vpp.cli('packet-generator enable-stream chatter');
    };
    const quiet = async ({ node }: Vm) => {
      const { vpp } = lab().cloud.node(node);
      await vpp.cli('packet-generator disable-stream chatter');
      await vpp.cli('packet-generator delete chatter');
    };
    /** Frames that VPP has put out towards the collector's VM. */
    const given = async (): Promise<number> => {
      const { vpp } = lab().cloud.node(collector.node);
      const counted = readCounters(await vpp.cli(`show interface ${(await place()).interface_name}`));
      const at = [...counted.values()][0];
      return (at?.txPackets ?? 0) + (at?.drops ?? 0);
    };
    let found: Interface | undefined;
    const place = async (): Promise<Interface> => {
      found ??= await lab().cloud.node(collector.node).vpp.port(collector.id);
      if (found === undefined) throw new Error("the collector's port is not in VPP");
      return found;
    };
    /** That, once nothing more comes. */
    const still = async (): Promise<number> => {
      let before = await given();
      for (;;) {
        await lab().cloud.clock.sleep(60);
        const now = await given();
        if (now === before) return now;
        before = now;
      }
    };
  });
}
