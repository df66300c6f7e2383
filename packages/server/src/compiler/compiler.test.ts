import { keys, parseKey, root } from '@taas/model';
import { describe, expect, it, vi } from 'vitest';
import { storeWith } from '../store-with.suite.js';
import { acme, portId, umbrella } from '../test-cloud.suite.js';
import { create, flows, nodes, segments, services, status, withCloud } from './compiled-cloud.suite.js';
import type { SegmentPolicy } from './segment-options.js';

describe('the compiler', () => {
  it('tells the nodes, and a tap is ACTIVE once they have verified it', () =>
    withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      await cloud.bind('node1', portId(1));
      await cloud.bind('node1', portId(2));
      await cloud.bind('node2', portId(3));
      await cloud.lead(server);
      const made = await create(server, 1, [2, 3]);
      await cloud.settle();
      const [segment] = [...(await segments(cloud)).keys()].map(parseKey);
      if (segment?.is !== 'segment') throw new Error('no segment was taken');
      expect(segment.segment).toMatchObject({ type: 'vlan', physnet: 'physnet1' });
      const link = { type: 'vlan', physnet: 'physnet1', vlan: segment.segment.id };
      const published = await cloud.nodeRecords();
      const json = (node: string, kind: 'tap_services' | 'tap_flows', id = '') =>
        published.get(keys.nodeResource(node, kind, id))?.json;
      expect(json('node1', 'tap_services', made.service)).toMatchObject({ port_id: portId(1), inputs: [link] });
      expect(json('node1', 'tap_flows', made.flows[0])).toMatchObject({ target: { type: 'local' } });
      expect(json('node2', 'tap_flows', made.flows[1])).toMatchObject({ target: link, direction: 'BOTH' });
      expect(await status(server, `${flows}/${made.flows[1]}`)).toEqual({
        status: 'PENDING_CREATE',
        reason: 'waiting for node node2',
      });
      await cloud.converge(['node2']);
      expect(await status(server, `${flows}/${made.flows[1]}`)).toMatchObject({ status: 'PENDING_CREATE' });
      await cloud.converge(nodes);
      for (const path of [`${services}/${made.service}`, ...made.flows.map((id) => `${flows}/${id}`)]) {
        expect(await status(server, path)).toEqual({ status: 'ACTIVE', reason: '' });
      }
    }));

  it('sends copies by VXLAN where there is no common physnet, and says so where there is no way', () =>
    withCloud(async (cloud, server) => {
      await cloud.agent('node1');
      await cloud.agent('node2', { physnets: [] });
      await cloud.agent('node3', { physnets: [], tunnel_address: null });
      for (const n of [1, 2, 3]) await cloud.bind(`node${n}`, portId(n));
      await cloud.lead(server);
      const made = await create(server, 1, [2, 3]);
      await cloud.settle();
      const published = await cloud.nodeRecords();
      const target = published.get(keys.nodeResource('node2', 'tap_flows', made.flows[0] ?? ''))?.json['target'];
      expect(target).toMatchObject({ type: 'vxlan', local: '10.0.0.2', remote: '10.0.0.1' });
      const inputs = published.get(keys.nodeResource('node1', 'tap_services', made.service))?.json['inputs'];
      expect(inputs).toMatchObject([{ type: 'vxlan', local: '10.0.0.1', remote: '10.0.0.2' }]);
      expect(await status(server, `${flows}/${made.flows[1]}`)).toEqual({
        status: 'PENDING_CREATE',
        reason: 'nodes node3 and node1 have no common link for copies (physnet physnet1 or a tunnel address)',
      });
    }));

  it('looks at everything when its view begins anew', () =>
    withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (const n of [1, 2, 3]) await cloud.bind('node1', portId(n));
      const follower = cloud.store.client();
      const leading = await cloud.replica({ store: follower });
      await cloud.lead(leading, cloud.store.client());
      await create(server, 1, [2]);
      await cloud.settle();
      follower.disconnect();
      const missed = await create(server, 3, [2]);
      const mirror = { port_id: portId(2), mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { IN: '7' } };
      const mirrored = await server.as(acme)('POST', '/v2.0/taas/tap_mirrors', { tap_mirror: mirror });
      // The follower has to begin with what there is: no event names what it has missed.
      cloud.store.compact();
      follower.reconnect();
      await cloud.settle();
      const published = await cloud.nodeRecords();
      expect(published.get(keys.nodeResource('node1', 'tap_services', missed.service))).toBeDefined();
      expect(published.get(keys.nodeResource('node1', 'tap_flows', missed.flows[0] ?? ''))).toBeDefined();
      const mirrorId = mirrored.body.tap_mirror.id;
      expect(published.get(keys.nodeResource('node1', 'tap_mirrors', mirrorId))).toBeDefined();
    }));

  it('keeps what stands while an agent is silent, whatever the link', () =>
    withCloud(async (cloud, server) => {
      await cloud.agent('node1');
      await cloud.agent('node2', { physnets: [] });
      await cloud.agent('node3');
      for (const n of [1, 2, 3]) await cloud.bind(`node${n}`, portId(n));
      const compiler = await cloud.lead(server);
      const made = await create(server, 1, [2, 3]);
      await cloud.converge(nodes);
      const before = await cloud.nodeRecords();
      const { transactions } = compiler.stats;
      for (const node of nodes) await cloud.delete(keys.agent(node));
      await cloud.settle();
      for (const node of nodes) await cloud.agent(node, { vpp_version: null, physnets: [], tunnel_address: null });
      await cloud.settle();
      expect(await cloud.nodeRecords()).toEqual(before);
      expect(compiler.stats.transactions).toBe(transactions);
      await cloud.delete(keys.agent('node2'));
      await cloud.settle();
      expect(await status(server, `${flows}/${made.flows[0]}`)).toEqual({
        status: 'DOWN',
        reason: 'the TaaS agent of node node2 is not running',
      });
    }));

  it('deletes in two steps, and gives the segment back last', () =>
    withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (const n of [1, 2, 3]) await cloud.bind(`node${n}`, portId(n));
      await cloud.lead(server);
      const made = await create(server, 1, [2, 3]);
      await cloud.converge(nodes);
      await cloud.delete(keys.agent('node3'));
      const ask = server.as(acme);
      expect((await ask('DELETE', `${services}/${made.service}`)).status).toBe(204);
      await cloud.settle();
      for (const [, { json }] of await cloud.nodeRecords()) expect(json['removed']).toBe(true);
      expect(await status(server, `${services}/${made.service}`)).toEqual({
        status: 'PENDING_DELETE',
        reason: expect.stringContaining('to confirm removal'),
      });
      expect(await status(server, `${flows}/${made.flows[0]}`)).toMatchObject({ status: 'PENDING_DELETE' });
      const late = { tap_service_id: made.service, source_port: portId(9), direction: 'IN' };
      expect(await ask('POST', flows, { tap_flow: late })).toMatchObject({
        status: 409,
        body: { NeutronError: { type: 'TapServiceBeingDeleted' } },
      });
      const { revision } = await cloud.store.list(`${root}/`);
      expect((await ask('DELETE', `${services}/${made.service}`)).status).toBe(204);
      expect((await cloud.store.list(`${root}/`)).revision).toBe(revision);

      await cloud.converge(['node1', 'node2']);
      // The API has forgotten it, but a node that does not answer still holds the segment.
      expect(await status(server, `${services}/${made.service}`)).toBe('TapServiceNotFound');
      expect([...(await cloud.nodeRecords()).keys()]).toEqual([
        keys.nodeResource('node3', 'tap_flows', made.flows[1] ?? ''),
      ]);
      expect((await segments(cloud)).size).toBe(1);
      await cloud.agent('node3');
      await cloud.converge(nodes);
      const left = await cloud.read(`${root}/taas/`);
      expect([...left.keys()]).toEqual([keys.leader, ...nodes.map((node) => keys.underlay(node))]);
      expect((await cloud.nodeRecords()).size).toBe(0);
      expect([...(await cloud.read(`${root}/state/`)).keys()].map((key) => parseKey(key).is)).toEqual(
        nodes.map(() => 'agent'),
      );
    }));

  it('takes a flow away whose record was malformed while its tap service was deleted', () =>
    withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (const n of [1, 2, 3]) await cloud.bind(`node${n}`, portId(n));
      await cloud.lead(server);
      const made = await create(server, 1, [2, 3]);
      await cloud.converge(nodes);
      const key = keys.resource('tap_flows', made.flows[0] ?? '');
      const record = await cloud.store.get(key);
      if (!record) throw new Error('the flow has no record');
      await cloud.put(key, record.value.slice(0, 40));
      expect((await server.as(acme)('DELETE', `${services}/${made.service}`)).status).toBe(204);
      await cloud.converge(nodes);
      expect(await status(server, `${services}/${made.service}`)).toBe('TapServiceNotFound');
      expect((await cloud.nodeRecords()).size).toBe(0);
      expect(await cloud.store.get(key)).not.toBeNull();
      await cloud.put(key, record.value);
      await cloud.converge(nodes);
      expect(await status(server, `${flows}/${made.flows[0]}`)).toBe('TapFlowNotFound');
      const left = await cloud.read(`${root}/taas/`);
      expect([...left.keys()]).toEqual([keys.leader, ...nodes.map((node) => keys.underlay(node))]);
    }));

  it('keeps the flows of a tap service whose record is malformed', () =>
    withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (const n of [1, 2, 3]) await cloud.bind(`node${n}`, portId(n));
      await cloud.lead(server);
      const made = await create(server, 1, [2, 3]);
      await cloud.converge(nodes);
      const before = await cloud.nodeRecords();
      await cloud.put(keys.resource('tap_services', made.service), '{"v":1');
      await cloud.converge(nodes);
      expect(await cloud.nodeRecords()).toEqual(before);
      for (const flow of made.flows)
        expect(await status(server, `${flows}/${flow}`)).toMatchObject({
          reason: expect.stringContaining('malformed'),
        });
    }));

  it('does not take an old confirmation for a new one', () =>
    withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (const n of [1, 2]) await cloud.bind(`node${n}`, portId(n));
      await cloud.lead(server);
      const made = await create(server, 1, [2]);
      const flow = made.flows[0] ?? '';
      const key = keys.nodeResource('node2', 'tap_flows', flow);
      await cloud.settle();
      await cloud.unbind('node2', portId(2));
      await cloud.converge(nodes);
      expect(await cloud.store.get(key)).toBeUndefined();
      await cloud.bind('node2', portId(2));
      await cloud.settle();
      const stale = { v: 1, id: flow, revision: 1, status: 'REMOVED', reason: '' };
      await cloud.put(keys.stateResource('node2', 'tap_flows', flow), JSON.stringify(stale));
      await server.as(acme)('DELETE', `${flows}/${flow}`);
      await cloud.settle();
      expect((await cloud.store.get(key))?.value).toContain('"removed":true');
    }));

  it('follows a port that moves, and takes the binding written last', () =>
    withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (const n of [1, 2]) await cloud.bind(`node${n}`, portId(n));
      await cloud.lead(server);
      const made = await create(server, 1, [2]);
      const at = (node: string) => keys.nodeResource(node, 'tap_flows', made.flows[0] ?? '');
      await cloud.converge(nodes);
      await cloud.bind('node3', portId(2));
      await cloud.converge(nodes);
      expect((await cloud.store.get(at('node3')))?.value).not.toContain('removed');
      expect(await cloud.store.get(at('node2'))).toBeUndefined();
      await cloud.unbind('node2', portId(2));
      await cloud.unbind('node3', portId(2));
      await cloud.converge(nodes);
      expect((await cloud.nodeRecords()).size).toBe(1);
      expect(await status(server, `${flows}/${made.flows[0]}`)).toEqual({
        status: 'PENDING_CREATE',
        reason: `port ${portId(2)} is not bound to a node`,
      });
    }));

  it('wires no port that turns out to be another project’s', () =>
    withCloud(async (cloud, server) => {
      await cloud.agent('node1');
      await cloud.bind('node1', portId(1), acme);
      await cloud.lead(server);
      const made = await create(server, 1, [2]);
      await cloud.bind('node1', portId(2), umbrella);
      await cloud.settle();
      expect([...(await cloud.nodeRecords()).keys()]).toEqual([
        keys.nodeResource('node1', 'tap_services', made.service),
      ]);
      const of = (port: number) => ({ status: 'ERROR', reason: `port ${portId(port)} belongs to another project` });
      expect(await status(server, `${flows}/${made.flows[0]}`)).toMatchObject(of(2));
      expect(await status(server, `${services}/${made.service}`)).not.toMatchObject({ status: 'ERROR' });
      // Of a service's own port nothing is left to wait for either.
      await cloud.bind('node1', portId(1), umbrella);
      await cloud.settle();
      expect(await status(server, `${services}/${made.service}`)).toMatchObject(of(1));
      expect(await status(server, `${flows}/${made.flows[0]}`)).toMatchObject(of(1));
      // And that it turns out to be its own after all mends it.
      for (const port of [1, 2]) await cloud.bind('node1', portId(port), acme);
      await cloud.converge(['node1']);
      expect(await status(server, `${flows}/${made.flows[0]}`)).toMatchObject({ status: 'ACTIVE', reason: '' });
    }));

  it('tells no node of a flow that was deleted while it compiled', () =>
    withCloud(async (cloud, server) => {
      await cloud.agent('node1');
      await cloud.bind('node1', portId(1));
      await cloud.bind('node1', portId(2));
      const made = await create(server, 1, [2]);
      const published: string[] = [];
      let deleted = false;
      const { store } = server;
      const racing = storeWith(store, {
        transact: async (transaction, options) => {
          if (!deleted) {
            deleted = true;
            expect((await server.as(acme)('DELETE', `${flows}/${made.flows[0]}`)).status).toBe(204);
          }
          const result = await store.transact(transaction, options);
          if (result.succeeded) published.push(...transaction.operations.map(({ key }) => key));
          return result;
        },
      });
      await cloud.lead(server, racing);
      await cloud.settle();
      expect(deleted).toBe(true);
      expect(published.filter((key) => key.includes('/nodes/'))).toEqual([
        keys.nodeResource('node1', 'tap_services', made.service),
      ]);
    }));

  it('writes nothing once another leads, even if nobody has told it', () =>
    withCloud(async (cloud, server) => {
      await cloud.agent('node1');
      await cloud.bind('node1', portId(1));
      const compiler = await cloud.lead(server);
      await cloud.settle();
      const { conflicts, operations } = compiler.stats;
      await cloud.put(keys.leader, '{"another": true}');
      await create(server, 1, []);
      await vi.waitFor(() => expect(compiler.stats.conflicts).toBeGreaterThan(conflicts + 1));
      expect((await cloud.nodeRecords()).size).toBe(0);
      expect(compiler.stats.operations).toBe(operations);
    }));

  it('lets no project have all segments, and hands on what becomes free', () => {
    const policy: SegmentPolicy = { options: [{ type: 'vxlan', first: 5, last: 8 }], projectShare: 0.5 };
    return withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (let n = 0; n < 10; n++) await cloud.bind('node1', portId(n));
      for (let n = 10; n < 20; n++) await cloud.bind('node2', portId(n));
      await cloud.lead(server);
      const mine = [await create(server, 0, [10]), await create(server, 1, [11]), await create(server, 2, [12])];
      const theirs = [await create(server, 3, [13], umbrella), await create(server, 4, [14], umbrella)];
      await cloud.converge(nodes);
      const stuck: { own: string[]; shown: { status: string; reason: string } }[] = [];
      for (const { flows: own } of mine) {
        const shown = await status(server, `${flows}/${own[0]}`);
        if (typeof shown === 'object' && shown.status === 'PENDING_CREATE') stuck.push({ own, shown });
      }
      expect(stuck).toHaveLength(1);
      expect(stuck[0]?.shown.reason).toMatch(/^no id is free for this project of VXLAN: /);
      // The others had half of what was left: there is one for whoever comes.
      expect((await segments(cloud)).size).toBe(3);
      const third = await create(server, 5, [15], 'a third');
      await cloud.converge(nodes);
      expect((await segments(cloud)).size).toBe(4);
      expect(await status(server, `${flows}/${third.flows[0]}`, 'a third')).toMatchObject({ status: 'ACTIVE' });
      const placed = mine.filter(({ flows: own }) => own[0] !== stuck[0]?.own[0]);
      for (const { service } of placed) await server.as(acme)('DELETE', `${services}/${service}`);
      await cloud.converge(nodes);
      expect(await status(server, `${flows}/${stuck[0]?.own[0]}`)).toMatchObject({ status: 'ACTIVE' });
      expect(theirs).toHaveLength(2);
    }, policy);
  });
});
