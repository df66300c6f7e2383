import { type LabPort, settled } from '@taas/lab';
import { keys } from '@taas/model';
import { compareFrames } from '@taas/packets';
import { systemClock } from '@taas/service';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { distinctFrame } from '../scenarios/distinct-frames.js';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { mustRest, rest } from './lab/rest.js';
import { showingLogs } from './lab/service-logs.js';
import type { TaasFront } from './taas-front.js';
import { type NeutronPort, TapNodes } from './tap-nodes.js';
import type { UserCommands } from './user-commands.js';

/** A port that Neutron has bound, and its interface in the VPP of its node. */
interface BoundPort {
  readonly id: string;
  readonly node: string;
  readonly lab: LabPort;
}

interface ShownTap {
  readonly ID: string;
  readonly Status: string;
  readonly status_reason?: string;
}

const waiting = { timeout: 120_000, interval: 300 };
/** The tapped ports' network, and the collector's: what crosses from one to the other is a copy. */
const [tappedDomain, collectorDomain] = [20, 30];

/** What the client says of a tap, and what the nodes really do: agents beside VPPs, ports of a real Neutron. */
export function describeBoundPorts(
  cloud: () => { readonly lab: OpenStackLab; readonly front: TaasFront },
  { run, must, json }: UserCommands,
): void {
  let nodes: TapNodes;
  let network: string;
  let collector: BoundPort;
  let service: string;
  /** A machine on node-a that talks to the tapped ones. */
  let neighbour: LabPort;
  let serial = 0;
  const made: string[] = [];
  const api = (path: string) => `${cloud().front.url}/v2.0/${path}`;
  const neutron = (path: string) => `${cloud().lab.neutronUrl}/v2.0/${path}`;

  const show = (flow: string) => json<ShownTap>('alice', `tap flow show ${flow}`);
  const becomes = (flow: string, status: string) =>
    vi.waitFor(async () => {
      const shown = await show(flow);
      expect([shown.Status, shown.status_reason]).toEqual([status, '']);
    }, waiting);
  const isGone = (flow: string) =>
    vi.waitFor(async () => expect((await run('alice', `tap flow show ${flow}`)).code).not.toBe(0), waiting);
  const nodesHaveConfirmed = (tap: string) =>
    vi.waitFor(async () => expect(await nodes.keysOf(tap)).toEqual([]), waiting);

  /** A port of alice's that the administrator binds to a node, as Nova would, and networking-vpp plugs in there. */
  const boundPort = async (name: string, node: string, bridgeDomain = tappedDomain): Promise<BoundPort> => {
    const body = { port: { name, network_id: network } };
    const { id } = (await mustRest('POST', api('ports'), await cloud().lab.token('alice'), body)).body.port;
    made.push(id);
    return bind(id, node, bridgeDomain);
  };
  const bind = async (id: string, node: string, bridgeDomain = tappedDomain): Promise<BoundPort> => {
    await must('admin', `port set --host ${node} ${id}`);
    const { body } = await mustRest('GET', neutron(`ports/${id}`), await cloud().lab.token('admin'));
    const port: NeutronPort = body.port;
    expect(port).toMatchObject({ 'binding:host_id': node, 'binding:vif_type': 'vhostuser' });
    return { id, node: port['binding:host_id'], lab: await nodes.plug(port, bridgeDomain) };
  };
  const tap = async (name: string, source: BoundPort, direction = 'both'): Promise<string> => {
    const command = `tap flow create --name ${name} --port ${source.id} --tap-service probe --direction ${direction}`;
    return (await json<ShownTap>('alice', command)).ID;
  };
  const frames = () => Array.from({ length: 10 }, () => distinctFrame(++serial));
  /** The port sends: the collector must be given exactly that, once. Or nothing. */
  const expectCopies = async (source: BoundPort, copied: boolean) => {
    const capture = await nodes.node(collector.node).switch.capture(collector.lab);
    const sent = frames();
    await nodes.node(source.node).switch.send(source.lab, sent);
    const expected = copied ? sent : [];
    await settled(capture, systemClock, { atLeast: expected.length, timeoutMs: 30_000 });
    expectFrames(await capture.stop(), expected);
  };
  const expectFrames = (captured: readonly Uint8Array[], expected: readonly Uint8Array[]) => {
    const { matched, lost, duplicated, foreign } = compareFrames(expected, captured);
    const counts = { matched, lost: lost.length, duplicated: duplicated.length, foreign: foreign.length };
    expect(counts).toEqual({ matched: expected.length, lost: 0, duplicated: 0, foreign: 0 });
  };

  describe('ports that are bound to nodes', () => {
    beforeAll(() =>
      showingLogs(cloud().lab.directory, async () => {
        const { lab, front } = cloud();
        nodes = await TapNodes.start(front.etcdUrl, front.directory, ['node-a', 'node-b']);
        const alice = await lab.token('alice');
        network = (await mustRest('POST', api('networks'), alice, { network: { name: 'bound' } })).body.network.id;
        collector = await boundPort('probe', 'node-b', collectorDomain);
        const talker = { id: 'neighbour', bridgeDomain: tappedDomain };
        neighbour = await nodes.node('node-a').switch.addPort(talker);
        service = (await json<ShownTap>('alice', `tap service create --name probe --port ${collector.id}`)).ID;
      }),
    );
    afterAll(async () => {
      const admin = await cloud().lab.token('admin');
      for (const id of made) await rest('DELETE', api(`ports/${id}`), admin);
      await nodes?.stop();
    });

    it('a flow that the client makes becomes ACTIVE, and its frames reach the collector on the other node', async () => {
      const source = await boundPort('web', 'node-a');
      const bystander = await boundPort('bystander', 'node-b', collectorDomain);
      const overheard = await nodes.node('node-b').switch.capture(bystander.lab);
      await expectCopies(source, false);
      const flow = await tap('web', source);
      await becomes('web', 'ACTIVE');
      expect(await json<ShownTap>('carol', 'tap service show probe')).toMatchObject({ Status: 'ACTIVE' });
      await expectCopies(source, true);
      const capture = await nodes.node('node-b').switch.capture(collector.lab);
      const received = frames();
      await nodes.node('node-a').switch.send(neighbour, received);
      await settled(capture, systemClock, { atLeast: received.length, timeoutMs: 30_000 });
      expectFrames(await capture.stop(), received);
      expect(await overheard.stop()).toEqual([]);
      await must('alice', 'tap flow delete web');
      await isGone(flow);
      await expectCopies(source, false);
    });

    it('a flow follows its port to the node that it is bound to next', async () => {
      const before = await boundPort('moves', 'node-a');
      const flow = await tap('moves', before, 'out');
      await becomes('moves', 'ACTIVE');
      await nodes.unplug('node-a', before.lab);
      const after = await bind(before.id, 'node-b');
      const state = keys.stateResource('node-b', 'tap_flows', flow);
      await vi.waitFor(async () => expect(await nodes.keysOf(flow)).toContain(state), waiting);
      await becomes('moves', 'ACTIVE');
      await expectCopies(after, true);
      await must('alice', 'tap flow delete moves');
    });

    it('a deleted flow is PENDING_DELETE until its node has confirmed', async () => {
      const source = await boundPort('pending', 'node-a');
      const flow = await tap('pending', source, 'out');
      await becomes('pending', 'ACTIVE');
      const { agent } = nodes.node('node-a');
      await agent.stop();
      try {
        await must('alice', 'tap flow delete pending');
        expect((await show(flow)).Status).toBe('PENDING_DELETE');
        const again = await rest('DELETE', api(`taas/tap_flows/${flow}`), await cloud().lab.token('alice'));
        expect(again.status).toBe(204);
        expect((await show(flow)).Status).toBe('PENDING_DELETE');
      } finally {
        await agent.start();
      }
      await isGone(flow);
      await expectCopies(source, false);
    });

    it('a port that the client deletes takes its flow along: the very next poll does not find it', async () => {
      const source = await boundPort('deleted', 'node-a');
      const flow = await tap('deleted', source, 'out');
      await becomes('deleted', 'ACTIVE');
      const alice = await cloud().lab.token('alice');
      await must('alice', `port delete ${source.id}`);
      expect((await rest('GET', api(`taas/tap_flows/${flow}`), alice)).status).toBe(404);
      await nodesHaveConfirmed(flow);
      await expectCopies(source, false);
    });

    it('a port that is deleted behind our back takes its flow along soon after', async () => {
      const source = await boundPort('behind', 'node-a');
      const flow = await tap('behind', source, 'out');
      await becomes('behind', 'ACTIVE');
      await mustRest('DELETE', neutron(`ports/${source.id}`), await cloud().lab.token('admin'));
      await isGone(flow);
      await nodesHaveConfirmed(flow);
      await expectCopies(source, false);
    });

    it('taps go on while Neutron is down', async () => {
      const source = await boundPort('steady', 'node-a');
      const flow = await tap('steady', source, 'out');
      await becomes('steady', 'ACTIVE');
      const { lab } = cloud();
      const alice = await lab.token('alice');
      await lab.neutron.stop();
      try {
        const other = { source_port: lab.networks.ports['acme-port4'], tap_service_id: service, direction: 'OUT' };
        expect((await rest('POST', api('taas/tap_flows'), alice, { tap_flow: other })).status).toBe(503);
        expect((await show(flow)).Status).toBe('ACTIVE');
        await expectCopies(source, true);
      } finally {
        await lab.neutron.start();
      }
      expect((await show(flow)).Status).toBe('ACTIVE');
      await must('alice', 'tap flow delete steady');
      await isGone(flow);
    });
  });
}
