import { Cloud, connectToSwitch, type LabPort, physnet } from '@taas/lab';
import { compareFrames } from '@taas/packets';
import { silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { distinctFrame } from './distinct-frames.js';

/** How the simulator calls the uplink, as an operator of another driver names it in `physnets`. */
const uplink = `uplink-${physnet}`;
const project = 'acme';

/**
 * A cloud of another Neutron driver for VPP: no tag of networking-vpp's is in VPP, none of its keys in etcd. Ports are found by the
 * names of their vhost-user sockets, where they are bound is said by Neutron, and uplinks are named in the agents' configuration.
 */
export function describeOtherDrivers(): void {
  const uuid = (n: number) => `dddddddd-0000-4000-8000-${n.toString().padStart(12, '0')}`;
  let serial = 0;

  describe('a cloud of another Neutron driver, without networking-vpp', () => {
    let cloud: Cloud;

    beforeEach(async () => {
      expect.hasAssertions();
      cloud = await Cloud.start({
        ...{
          nodes: ['node-a', 'node-b'],
          switch: 'simulated',
          store: 'embedded',
          transport: 'vlan',
          bindings: 'neutron',
        },
        agent: { physnets: [{ name: physnet, interface: uplink }], intervals: { verify_ms: 200, port_poll_ms: 20 } },
        ...{ clock: systemClock, logger: silentLogger },
      });
      for (const { switch: lab } of cloud.nodes) {
        const vpp = await connectToSwitch(lab, 'another-driver');
        const all = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' };
        for (const { sw_if_index, tag } of await vpp.dump('sw_interface_dump', all))
          if (tag !== '') await vpp.request('sw_interface_tag_add_del', { is_add: false, sw_if_index, tag: '' });
        await vpp.close();
      }
    });
    afterEach(async () => {
      await cloud?.stop();
    });

    /** @param socket how the driver names the file */
    const port = (node: string, n: number, socket = (id: string) => `/run/vpp/${id}`): Promise<LabPort> =>
      cloud.addPort(node, { id: uuid(n), bridgeDomain: 100 + n, tag: null, socket: socket(uuid(n)) }, project);

    async function copies(node: string, source: LabPort, collector: LabPort): Promise<void> {
      const capture = await cloud.node('node-b').switch.capture(collector);
      const sent = Array.from({ length: 20 }, () => distinctFrame(++serial));
      await cloud.node(node).switch.send(source, sent);
      const { matched, lost, duplicated, foreign } = compareFrames(sent, await capture.stop());
      expect([matched, lost.length, duplicated.length, foreign.length]).toEqual([sent.length, 0, 0, 0]);
    }

    it('copies on a node and between nodes, however the driver spells the names of its sockets', async () => {
      const collector = await port('node-b', 1);
      const client = cloud.client(project);
      const tapServiceId = (await client.createTapService('probe', collector.id)).id;
      const spellings = [
        ['node-a', (id: string) => `/var/run/openvswitch/vhost-${id}.sock`],
        ['node-b', (id: string) => `/tmp/${id.toUpperCase()}`],
        ['node-a', (id: string) => `/run/vpp/${id}`],
      ] as const;
      for (const [n, [node, socket]] of spellings.entries()) {
        const source = await port(node, 2 + n, socket);
        const flow = await client.createTapFlow({
          ...{ name: '', tapServiceId, sourcePort: source.id, direction: 'BOTH' },
        });
        await client.until('tap_flows', flow.id, 'ACTIVE');
        await copies(node, source, collector);
      }
    });

    it('a tap follows its port when Neutron has bound it elsewhere, and goes with it when it is deleted', async () => {
      const collector = await port('node-b', 1);
      const client = cloud.client(project);
      const tapServiceId = (await client.createTapService('probe', collector.id)).id;
      let source = await port('node-a', 2);
      const flow = await client.createTapFlow({
        ...{ name: '', tapServiceId, sourcePort: source.id, direction: 'BOTH' },
      });
      await client.until('tap_flows', flow.id, 'ACTIVE');
      const old = source;
      source = await port('node-b', 2);
      await cloud.node('node-a').switch.removePort(old);
      await cloud.until('the tap has moved', async () => {
        const { status } = await client.show('tap_flows', flow.id);
        const nodes = await cloud.store.list('/networking-vpp/nodes/node-a/taas/tap_flows/');
        return status === 'ACTIVE' && nodes.entries.length === 0;
      });
      await copies('node-b', source, collector);
      cloud.openstack?.ports.delete(source.id);
      await client.untilGone('tap_flows', flow.id);
      await cloud.until('nothing of it is left on its node', async () => {
        const nodes = await cloud.store.list('/networking-vpp/nodes/node-b/taas/tap_flows/');
        return nodes.entries.length === 0;
      });
    });

    it('a socket without a port’s id in its name is nobody’s port', async () => {
      const collector = await port('node-b', 1);
      const client = cloud.client(project);
      const tapServiceId = (await client.createTapService('probe', collector.id)).id;
      const source = await port('node-b', 2, () => '/run/vpp/vhost-7.sock');
      const flow = await client.createTapFlow({
        ...{ name: '', tapServiceId, sourcePort: source.id, direction: 'BOTH' },
      });
      await cloud.until('its node says that the port is not there', async () => {
        return (await client.show('tap_flows', flow.id)).status_code === 'port_not_on_node';
      });
      expect((await client.show('tap_flows', flow.id)).status).toBe('PENDING_CREATE');
    });
  });
}
