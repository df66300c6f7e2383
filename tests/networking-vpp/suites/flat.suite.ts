import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { flatPhysnet } from '../lab/neighbour-cloud.js';
import type { Vm, Vms } from '../lab/vms.js';

/** A flat network, whose uplink networking-vpp's agent puts into the bridge domain as it is. */
export function describeFlat(lab: () => Vms): void {
  describe('a flat network', () => {
    let source: Vm;
    let far: Vm;
    let collector: Vm;

    afterAll(() => lab().cloud.guests.shutDown());
    afterEach(() => lab().removeAllTaps());
    beforeAll(async () => {
      const vms = lab();
      const { projects } = vms.cloud.lab.identity;
      const provider = `--provider-network-type flat --provider-physical-network ${flatPhysnet}`;
      const more = `${provider} --project ${projects['acme']} --disable-port-security`;
      const network = await vms.network('flat', { as: 'admin', more });
      source = await vms.vm(network, 'node-a');
      far = await vms.vm(network, 'node-b');
      collector = await vms.vm(await vms.network('flat-collectors'), 'node-b');
    });

    it('its bridge domain has the index of the uplink itself, which bears the tag of its physnet alone', async () => {
      const { vpp } = lab().cloud.node('node-a');
      const uplink = (await vpp.interfaces()).find(({ interface_name }) => interface_name === vpp.wireName(1));
      expect(uplink?.tag).toBe(`net-vpp.physnet:${flatPhysnet}`);
      const port = await vpp.port(source.id);
      expect(await vpp.cli(`show bridge-domain ${uplink?.sw_if_index} detail`)).toContain(port?.interface_name);
    });

    for (const direction of ['in', 'out', 'both'] as const)
      it(`${direction} of a VM in it is copied to the other node`, async () => {
        const vms = lab();
        const service = await vms.service(collector);
        const flow = await vms.flow(service, source, direction);
        await vms.expectCopies(collector, source, far, direction);
        await vms.removeTap(service, flow);
      });

    it('a collector in it is given copies, and they do not come out anywhere else of the network', async () => {
      const vms = lab();
      const tapped = await vms.vm(await vms.network('beside-flat'), 'node-b');
      const service = await vms.service(source);
      const flow = await vms.flow(service, tapped, 'out');
      const elsewhere = await far.guest.capture();
      await vms.expectAt(source, 'copies at a collector in a flat network', async () => {
        const frames = vms.frames(30);
        await tapped.guest.send(frames);
        return frames;
      });
      expect(await elsewhere.stop()).toEqual([]);
      await vms.removeTap(service, flow);
    });
  });
}
