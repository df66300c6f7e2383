import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Vm, type Vms, waiting } from '../lab/vms.js';

/** A VM that moves to the other node, as Nova and Neutron do it with two bindings. */
export function describeMigration(lab: () => Vms): void {
  describe('live migration with two bindings', () => {
    let source: Vm;
    let neighbour: Vm;
    let collector: Vm;
    let flow: string;
    let service: string;

    afterAll(async () => {
      await lab().removeAllTaps();
      await lab().cloud.guests.shutDown();
    });
    beforeAll(async () => {
      const vms = lab();
      const network = await vms.network('moving');
      collector = await vms.vm(await vms.network('moving-collectors'), 'node-b');
      neighbour = await vms.vm(network, 'node-b');
      source = await vms.vm(network, 'node-a');
      service = await vms.service(collector);
      flow = await vms.flow(service, source, 'both');
    });

    /** As Nova: a second binding, the VM starts there, the binding is made active, the first one is deleted. */
    const move = async (vm: Vm, to: string): Promise<Vm> => {
      const vms = lab();
      const bindings = `ports/${vm.id}/bindings`;
      const made = await vms.neutron('POST', bindings, { binding: { host: to } });
      console.log(`the second binding: ${JSON.stringify(made.body.binding)}`);
      const before = await vms.cloud.etcd.list('/networking-vpp/nodes');
      const known = Object.keys(before).filter((key) => key.endsWith(`/ports/${vm.id}`));
      console.log(`etcd with two bindings: ${known.join(' ')}`);
      await vms.neutron('PUT', `${bindings}/${to}/activate`);
      const after = await vms.cloud.etcd.list('/networking-vpp/nodes');
      console.log(
        `etcd once the second is active: ${Object.keys(after).filter((key) => key.endsWith(`/ports/${vm.id}`))}`,
      );
      await vi.waitFor(async () => expect(await vms.cloud.node(to).vpp.port(vm.id)).toBeDefined(), waiting);
      await vm.guest.shutDown();
      const moved = await vms.boot(vm.id, vm.mac, to);
      await vms.neutron('DELETE', `${bindings}/${vm.node}`);
      return moved;
    };

    for (const to of ['node-b', 'node-a'] as const)
      it(`a source that moves to ${to} is copied there, though networking-vpp keeps its port where it was`, async () => {
        const vms = lab();
        const from = source.node;
        source = await move(source, to);
        await vms.becomes(flow, 'ACTIVE');
        await vi.waitFor(() => vms.expectCopies(collector, source, neighbour, 'both'), waiting);
        // Its driver takes a binding away where the port's profile said `migrating_to`; here nothing does, and port and key stay.
        const nodes = await vms.cloud.etcd.list('/networking-vpp/nodes');
        expect(Object.keys(nodes)).toContain(`/networking-vpp/nodes/${from}/ports/${source.id}`);
        expect(await vms.cloud.node(from).vpp.port(source.id)).toBeDefined();
      });

    for (const to of ['node-a', 'node-b'] as const)
      it(`a collector that moves to ${to} is given every copy there`, async () => {
        const vms = lab();
        collector = await move(collector, to);
        await vms.becomes(flow, 'ACTIVE');
        await vi.waitFor(() => vms.expectCopies(collector, source, neighbour, 'both'), waiting);
      });
  });
}
