import { type Cloud, deleteV2, type LabPort, putV2 } from '@taas/lab';
import { keys } from '@taas/model';
import { compareFrames } from '@taas/packets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distinctFrame } from './distinct-frames.js';
import { startProgramCloud } from './program-cloud.js';

/** Ports that networking-vpp itself binds, by etcd's v2 API. */
export function describeBindings(): void {
  const uuid = (n: number) => `cccccccc-0000-4000-8000-${n.toString().padStart(12, '0')}`;
  const project = 'project-a';
  let serial = 0;

  describe("ports bound as networking-vpp binds them, by etcd's v2 API", () => {
    let cloud: Cloud;
    let collector: LabPort;
    let source: LabPort;
    let service: string;
    let flow: string;

    beforeAll(async () => {
      cloud = await startProgramCloud(['node-a', 'node-b', 'node-c'], { bindings: 'etcd-v2' });
      collector = await cloud.addPort('node-b', { id: uuid(1), bridgeDomain: 100 }, project);
      source = await cloud.addPort('node-a', { id: uuid(2), bridgeDomain: 101 }, project);
      const client = cloud.client(project);
      service = (await client.createTapService('probe', uuid(1))).id;
      const wanted = { name: 'flow', tapServiceId: service, sourcePort: uuid(2), direction: 'BOTH' as const };
      flow = (await client.createTapFlow(wanted)).id;
    });
    afterAll(async () => {
      await cloud?.stop();
    });

    /** Nodes that have something of the flow to do. */
    async function nodesOfFlow(): Promise<readonly string[]> {
      const all = ['node-a', 'node-b', 'node-c'];
      const published = await Promise.all(
        all.map((node) => cloud.store.get(keys.nodeResource(node, 'tap_flows', flow))),
      );
      return all.filter((_, n) => published[n] !== undefined);
    }

    async function copies(from: string, to: string): Promise<void> {
      await cloud.client(project).until('tap_flows', flow, 'ACTIVE', 15_000);
      const capture = await cloud.node(to).switch.capture(collector);
      const sent = Array.from({ length: 20 }, () => distinctFrame(++serial));
      await cloud.node(from).switch.send(source, sent);
      const { matched, lost, duplicated, foreign } = compareFrames(sent, await capture.stop());
      const counts = { matched, lost: lost.length, duplicated: duplicated.length, foreign: foreign.length };
      expect(counts).toEqual({ matched: sent.length, lost: 0, duplicated: 0, foreign: 0 });
    }

    async function flowIsOn(node: string): Promise<void> {
      await cloud.until(`the flow is on ${node} alone`, async () => {
        const nodes = await nodesOfFlow();
        return nodes.length === 1 && nodes[0] === node;
      });
    }

    it('a tap is wired where the keys say', async () => {
      await copies('node-a', 'node-b');
      expect(await nodesOfFlow()).toEqual(['node-a']);
    });

    it('a source that migrates takes its tap along, with its key on both nodes for a while', async () => {
      const old = source;
      source = await cloud.addPort('node-c', { id: uuid(2), bridgeDomain: 101 }, project);
      await cloud.client(project).until('tap_flows', flow, 'ACTIVE', 15_000);
      await flowIsOn('node-c');
      await copies('node-c', 'node-b');
      await cloud.bindings.unbind('node-a', uuid(2));
      await cloud.node('node-a').switch.removePort(old);
      await copies('node-c', 'node-b');
    });

    it('and with its key on no node for a moment, as networking-vpp moves it', async () => {
      await cloud.bindings.unbind('node-c', uuid(2));
      await cloud.node('node-c').switch.removePort(source);
      source = await cloud.addPort('node-a', { id: uuid(2), bridgeDomain: 101 }, project);
      await flowIsOn('node-a');
      await copies('node-a', 'node-b');
    });

    it('a collector that migrates takes its service along', async () => {
      const old = collector;
      collector = await cloud.addPort('node-c', { id: uuid(1), bridgeDomain: 100 }, project);
      await cloud.bindings.unbind('node-b', uuid(1));
      await cloud.node('node-b').switch.removePort(old);
      await cloud.until('the old node has nothing of the service', async () => {
        return (await cloud.store.get(keys.nodeResource('node-b', 'tap_services', service))) === undefined;
      });
      await copies('node-a', 'node-c');
    });

    it('what other keys there are, and what is no record, disturbs nobody', async () => {
      const { endpoint } = cloud.etcd;
      await putV2(endpoint, '/networking-vpp/nodes/node-a/routers/r1', 'x');
      await putV2(endpoint, keys.boundPort('node-b', uuid(9)), 'no JSON');
      await putV2(endpoint, keys.boundPort('node-b', uuid(2)), '[]');
      // A key after these, so that they have been seen.
      await cloud.bindings.bind('node-a', uuid(2), project);
      await copies('node-a', 'node-c');
      await deleteV2(endpoint, '/networking-vpp/nodes/node-b', 'recursive');
      await copies('node-a', 'node-c');
      expect(await nodesOfFlow()).toEqual(['node-a']);
    });

    it('whoever leads next goes on from there, and etcd may be killed and come back', async () => {
      const leader = await cloud.leader();
      if (leader === undefined) throw new Error('nobody leads');
      const writes = cloud.writes();
      await cloud.server(leader).process.stop('SIGKILL');
      await cloud.until('the other leads', async () => (await cloud.leader()) === 1 - leader);
      await cloud.server(leader).process.start();
      await cloud.etcd.kill();
      await cloud.etcd.start();
      await copies('node-a', 'node-c');
      expect(cloud.writes()).toEqual(writes);
      const old = source;
      source = await cloud.addPort('node-c', { id: uuid(2), bridgeDomain: 101 }, project);
      await cloud.bindings.unbind('node-a', uuid(2));
      await cloud.node('node-a').switch.removePort(old);
      await flowIsOn('node-c');
      await copies('node-c', 'node-c');
    });
  });
}
