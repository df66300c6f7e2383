import type { Frame } from '@taas/lab';
import { udp } from '@taas/packets';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Vm, type Vms, waiting } from '../lab/vms.js';

/** A router that networking-vpp's agent makes on a node: an interface of VPP itself in the bridge domain of each network. */
export function describeRouter(lab: () => Vms): void {
  describe('a router on the node', () => {
    let east: Vm;
    let west: Vm;
    let collector: Vm;
    let addresses: Record<string, string>;

    afterAll(() => lab().cloud.guests.shutDown());
    afterEach(() => lab().removeAllTaps());
    beforeAll(async () => {
      const vms = lab();
      const { must } = vms.cloud.users;
      await must('alice', 'router create r1');
      const made: Vm[] = [];
      addresses = {};
      for (const [n, node] of (['node-b', 'node-a'] as const).entries()) {
        const network = await vms.network(`routed-${n}`);
        await must('alice', `router add subnet r1 routed-${n}`);
        const vm = await vms.vm(network, node);
        addresses[vm.id] = (await vms.neutron('GET', `ports/${vm.id}`)).body.port.fixed_ips[0].ip_address;
        made.push(vm);
      }
      [east, west] = made as [Vm, Vm];
      collector = await vms.vm(await vms.network('routed-collectors'), 'node-b');
    });

    it('what it routes to a tapped VM is copied as the VM is given it', async () => {
      const vms = lab();
      const { vpp } = vms.cloud.node('node-a');
      const [from, to] = [addresses[east.id] ?? '', addresses[west.id] ?? ''];
      const { loopback_mac: gatewayMac } = await gatewayOf(from);
      // VMs here answer no ARP.
      const name = await loopWith((await gatewayOf(to)).gateway_ip);
      await vpp.cli(`set ip neighbor ${name} ${to} ${west.mac} static`);
      const service = await vms.service(collector);
      const flow = await vms.flow(service, west, 'in');
      const frames = (): Frame[] =>
        Array.from({ length: 30 }, (_, n) => {
          const ends = { src: east.mac, dst: gatewayMac, srcIp: from, dstIp: to };
          return udp({ ...ends, srcPort: 1000, dstPort: 2000 + n, payload: new Uint8Array(64) });
        });
      const [copies, given] = [await collector.guest.capture(), await west.guest.capture()];
      await east.guest.send(frames());
      await expect.poll(() => copies.count(), { timeout: 5_000 }).toBe(30);
      await vms.cloud.clock.sleep(200);
      const delivered = await given.stop();
      expect(delivered).toHaveLength(30);
      expect(await copies.stop()).toEqual(delivered);
      await vms.removeTap(service, flow);
    });

    /** What its service plugin has told the agent of the router's port in an address's network. */
    const gatewayOf = async (address: string): Promise<{ gateway_ip: string; loopback_mac: string }> => {
      const network = address.replace(/\d+$/, '');
      const keys = await lab().cloud.etcd.list('/networking-vpp/nodes/node-a/routers');
      const found = Object.values(keys).map((value) => JSON.parse(value));
      return found.find(({ gateway_ip }) => gateway_ip.startsWith(network));
    };
    /** VPP's interface that its agent has made for a gateway. */
    const loopWith = async (address: string): Promise<string> => {
      const { vpp } = lab().cloud.node('node-a');
      let name: string | undefined;
      await vi.waitFor(async () => {
        const blocks = (await vpp.cli('show interface address')).split(/^(?=\S)/m);
        name = blocks.find((block) => block.includes(`L3 ${address}/`))?.split(' ')[0];
        expect(name, `an interface with ${address}`).toBeDefined();
      }, waiting);
      return name ?? '';
    };
  });
}
