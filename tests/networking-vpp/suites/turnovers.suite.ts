import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Vm, type Vms, waiting } from '../lab/vms.js';

const turnovers = Number(process.env['NETWORKING_VPP_TURNOVERS'] ?? 100);
/** Frames of a burst: two are sent by a stranger, and two to it. */
const frames = 20;

/** Ports that go and come on a node, made and deleted by networking-vpp's agent as etcd tells it; each is somebody else's. */
export function describeTurnovers(lab: () => Vms): void {
  describe('indexes that pass from a tapped port to a stranger', () => {
    let collector: Vm;
    let service: string;
    /** How the driver writes a port of the tapped ones' network, and one of the strangers'. */
    let records: { readonly tapped: string; readonly strange: string };
    /** A port in the strangers' network, whose frames are flooded to them. */
    let sender: string;

    afterAll(async () => {
      await lab().removeAllTaps();
      await lab().cloud.guests.shutDown();
    });
    beforeAll(async () => {
      const vms = lab();
      collector = await vms.vm(await vms.network('turnovers-collectors'), 'node-a');
      // Each keeps its network on the node.
      const keeper = (await vms.port(await vms.network('turnovers'), 'node-a')).id;
      sender = (await vms.port(await vms.network('turnovers-strangers'), 'node-a')).id;
      const recordOf = async (id: string) => {
        let found: string | undefined;
        await vi.waitFor(async () => {
          found = await vms.cloud.etcd.get(`/networking-vpp/nodes/node-a/ports/${id}`);
          expect(found).toBeDefined();
          expect(await vms.cloud.node('node-a').vpp.port(id)).toBeDefined();
        }, waiting);
        return JSON.stringify({ ...JSON.parse(found ?? '{}'), port_security_enabled: false });
      };
      records = { tapped: await recordOf(keeper), strange: await recordOf(sender) };
      const { vpp } = vms.cloud.node('node-a');
      await vpp.cli(`set interface state ${(await vpp.port(sender))?.interface_name} up`);
      service = await vms.service(collector);
    });

    it(
      `${turnovers} of them: not one frame of a stranger is copied`,
      async () => {
        const vms = lab();
        const { vpp } = vms.cloud.node('node-a');
        const key = (id: string) => `/networking-vpp/nodes/node-a/ports/${id}`;
        const { etcd, clock } = vms.cloud;
        const until = async (what: string, condition: () => Promise<boolean>) => {
          const deadline = clock.monotonic() + 30_000;
          while (!(await condition())) {
            if (clock.monotonic() > deadline) throw new Error(`${what}: not within 30 s`);
            await clock.sleep(5);
          }
        };
        const sending = (await vpp.port(sender))?.interface_name ?? '';
        const { body } = await vms.neutron('GET', `ports/${collector.id}`);
        const network_id = (await vms.neutron('GET', 'networks?name=turnovers')).body.networks[0].id;
        // A port that Neutron has, so that it can be tapped; bound and unbound as its driver does it, in etcd.
        const port = { network_id, tenant_id: body.port.tenant_id, name: 'victim' };
        const victim: string = (await vms.neutron('POST', 'ports', { port })).body.port.id;
        let inherited = 0;
        let [victims, last] = [0, await collector.guest.received()];
        for (let n = 0; n < turnovers; n += 1) {
          await etcd.put(key(victim), records.tapped);
          await until('the victim is made', async () => (await vpp.port(victim)) !== undefined);
          const made = await vpp.port(victim);
          await vpp.cli(`set interface state ${made?.interface_name} up`);
          const wanted = { name: 't', tap_service_id: service, source_port: victim, direction: 'BOTH' };
          const flow = (await vms.taas('POST', 'tap_flows', { tap_flow: wanted })).body.tap_flow.id;
          await until('the tap is in VPP', async () =>
            (await vpp.cli('show interface span')).includes(`${made?.interface_name} `),
          );
          if (n === 0) {
            // What the victim itself sends does arrive.
            await inject(vpp, made?.interface_name ?? '');
            await until('a copy arrives', async () => (await collector.guest.received()) === last + frames);
            last += frames;
          }
          const stranger = randomUUID();
          await Promise.all([etcd.delete(key(victim)), etcd.put(key(stranger), records.strange)]);
          await until('the stranger is made', async () => (await vpp.port(stranger)) !== undefined);
          const other = await vpp.port(stranger);
          if (other?.sw_if_index === made?.sw_if_index) inherited += 1;
          await vpp.cli(`set interface state ${other?.interface_name} up`);
          for (const name of [other?.interface_name ?? '', sending]) await inject(vpp, name);
          await until('the victim is gone', async () => (await vpp.port(victim)) === undefined);
          for (const name of [other?.interface_name ?? '', sending]) await inject(vpp, name);
          victims += 1;
          await vms.taas('DELETE', `tap_flows/${flow}`);
          await etcd.delete(key(stranger));
          await until('the stranger is gone', async () => (await vpp.port(stranger)) === undefined);
          const now = await collector.guest.received();
          expect(now - last, `frames of stranger ${n} at the collector`).toBe(0);
          last = now;
        }
        await clock.sleep(500);
        expect(await collector.guest.received()).toBe(last);
        console.log(
          `${victims} turnovers, ${inherited} of them with the same index, ${4 * frames} frames each, from it and to it: none copied`,
        );
        expect(inherited).toBeGreaterThan(0);
      },
      60_000 + turnovers * 10_000,
    );

    /** As if the VM behind the interface had sent them: no driver is needed. */
    const inject = async (vpp: { cli(command: string): Promise<string> }, name: string) => {
      const data =
        'IP4: 02:00:00:00:00:01 -> ff:ff:ff:ff:ff:ff UDP: 10.0.0.1 -> 10.0.0.2 UDP: 1234 -> 2345 incrementing 58';
      await vpp.cli(
        `packet-generator new { name stranger limit ${frames} size 100-100 interface ${name} node ethernet-input data { ${data} } }`,
      );
      await vpp.cli('packet-generator enable-stream stranger');
      while (/^stranger\s+Yes/m.test(await vpp.cli('show packet-generator'))) await lab().cloud.clock.sleep(2);
      await vpp.cli('packet-generator delete stranger');
    };
  });
}
