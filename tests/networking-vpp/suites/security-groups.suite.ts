import type { Frame } from '@taas/lab';
import { udp } from '@taas/packets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { during } from '../lab/talk.js';
import type { Vm, Vms } from '../lab/vms.js';

interface SecuredVm extends Vm {
  readonly ip: string;
}

/** Port security and its rules, as networking-vpp's agent puts them into VPP's ACLs. */
export function describeSecurityGroups(lab: () => Vms): void {
  describe('security groups that change under a tap', () => {
    let source: SecuredVm;
    let neighbour: SecuredVm;
    let collector: Vm;
    let serial = 0;

    afterAll(async () => {
      await lab().removeAllTaps();
      await lab().cloud.guests.shutDown();
    });
    beforeAll(async () => {
      const vms = lab();
      const network = await vms.network('secured', { more: '--enable-port-security' });
      collector = await vms.vm(await vms.network('secured-collectors'), 'node-a');
      source = await secured(network, 'node-a');
      neighbour = await secured(network, 'node-b');
      const service = await vms.service(collector);
      await vms.flow(service, source, 'both');
    });

    const secured = async (network: string, node: string): Promise<SecuredVm> => {
      const vms = lab();
      const vm = await vms.vm(network, node);
      const { body } = await vms.neutron('GET', `ports/${vm.id}`);
      return { ...vm, ip: body.port.fixed_ips[0].ip_address };
    };
    /** Distinct frames of one VM to another, as its port security allows them. */
    const frames = (from: SecuredVm, to: SecuredVm, port = 2000, count = 10): readonly Frame[] =>
      Array.from({ length: count }, () => {
        const payload = new Uint8Array(64);
        serial += 1;
        new DataView(payload.buffer).setUint32(0, serial);
        const ends = { src: from.mac, dst: to.mac, srcIp: from.ip, dstIp: to.ip };
        return udp({ ...ends, srcPort: 1000, dstPort: port, payload });
      });
    const change = (command: string) => lab().cloud.users.must('alice', command);

    it('no copy of what the VM sends is missing while rules, groups and port security change', async () => {
      const vms = lab();
      const gap = await during(vms, { source, collector, make: () => frames(source, neighbour) }, async (talking) => {
        const steps = [
          'security group create watched',
          'security group rule create --ingress --protocol udp --dst-port 2000 watched',
          `port set --security-group watched ${source.id}`,
          'security group rule create --ingress --protocol tcp watched',
          `port set --no-security-group --security-group watched ${source.id}`,
          `port set --no-security-group --disable-port-security ${source.id}`,
          `port set --enable-port-security --security-group watched ${source.id}`,
        ];
        for (const step of steps) {
          await change(step);
          await talking.more(100);
        }
      });
      console.log(`security groups changed: ${gap.missing} of ${gap.sent} copies are missing`);
      expect(gap).toMatchObject({ missing: 0, duplicated: 0, foreign: [] });
    });

    it('what a rule keeps from the VM is not copied as sent to it; what it may not send is copied', async () => {
      const vms = lab();
      const isGiven = async (port: number) => {
        const sent = frames(neighbour, source, port, 20);
        const [copies, delivered] = [await collector.guest.capture(), await source.guest.capture()];
        await neighbour.guest.send(sent);
        await vms.cloud.clock.sleep(300);
        const [copied, given] = [await copies.stop(), await delivered.stop()];
        expect(copied).toEqual(given);
        return given.length;
      };
      // The rules of "watched" let port 2000 in and no other.
      await expect.poll(() => isGiven(2000), { timeout: 20_000, interval: 500 }).toBe(20);
      expect(await isGiven(2001)).toBe(0);
      const forged = { ...source, ip: '10.99.99.99' };
      await vms.expectAt(collector, 'frames with an address that is not its own', async () => {
        const sent = frames(forged, neighbour);
        await source.guest.send(sent);
        return sent;
      });
    });
  });
}
