import { keys, parseKey } from '@taas/model';
import { StoreError } from '@taas/store';
import { describe, expect, it, vi } from 'vitest';
import { Slices } from '../slices/slices.js';
import { storeWith } from '../store-with.suite.js';
import { acme, portId } from '../test-cloud.suite.js';
import { create, nodes, segments, services, status, withCloud } from './compiled-cloud.suite.js';
import type { Compiler } from './compiler.js';
import type { SegmentPolicy } from './segment-options.js';

// Many keys are worked on at a time, and what one of them is about to take is not in etcd yet.

/** Each of a service's steps behind one of every other's. */
function inTurns(): Slices {
  let now = 0;
  return new Slices({ clock: { monotonic: () => (now += 1_000) } });
}

describe('however many are compiled at once', () => {
  it.each([
    ['one after the other', () => undefined],
    ['step by step in turns', inTurns],
  ])('a project has its share of segments and no more: %s', (_how, slices) => {
    const policy: SegmentPolicy = { options: [{ type: 'vxlan', first: 1, last: 40 }], projectShare: 0.25 };
    return withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (let n = 0; n < 40; n++) await cloud.bind('node1', portId(n));
      for (let n = 40; n < 120; n++) await cloud.bind('node2', portId(n));
      for (let n = 0; n < 40; n++) await create(server, n, [40 + n, 80 + n]);
      const compiler = await cloud.lead(server, server.store, slices());
      await cloud.settle();
      expect((await segments(cloud)).size).toBe(10);
      expect(compiler.stats.conflicts).toBe(0);
      // Those that wait have what is given back.
      for (const { json } of [...(await segments(cloud)).values()].slice(0, 3))
        await server.as(acme)('DELETE', `${services}/${json['tap_service_id']}`);
      await cloud.converge(nodes);
      expect((await segments(cloud)).size).toBe(10);
    }, policy);
  });

  it('a project has its share of sessions and no more', () => {
    const policy: SegmentPolicy = { options: [], projectShare: 0.01 };
    return withCloud(async (cloud, server) => {
      await cloud.agent('node1');
      for (let n = 0; n < 40; n++) await cloud.bind('node1', portId(n));
      for (let n = 0; n < 40; n++) {
        const directions = { IN: String(n + 1) };
        const mirror = { port_id: portId(n), mirror_type: 'erspanv1', remote_ip: '198.51.100.9', directions };
        expect((await server.as(acme)('POST', '/v2.0/taas/tap_mirrors', { tap_mirror: mirror })).status).toBe(201);
      }
      await cloud.lead(server);
      await cloud.settle();
      // A hundredth of VPP's 1,024, rounded down.
      expect((await cloud.nodeRecords()).size).toBe(10);
    }, policy);
  });

  it('what one was about to take, and did not, is for those who found nothing', () => {
    const policy: SegmentPolicy = { options: [{ type: 'vxlan', first: 7, last: 7 }], projectShare: 1 };
    return withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (const n of [1, 2]) await cloud.bind('node1', portId(n));
      for (const n of [3, 4]) await cloud.bind('node2', portId(n));
      const made = [await create(server, 1, [3]), await create(server, 2, [4])];
      const store = cloud.store.client();
      let failures = 0;
      let compiler: Compiler | undefined;
      const failing = storeWith(store, {
        transact: async (transaction, options) => {
          const [first] = transaction.operations;
          if (failures > 0 || first?.kind !== 'put' || parseKey(first.key).is !== 'segment')
            return store.transact(transaction, options);
          failures += 1;
          // All others have found nothing, and nothing is left to do about them.
          await vi.waitFor(() => expect(compiler?.backlog).toBe(1), { interval: 1 });
          // Whoever reached for it first does not want it any more when etcd refuses.
          await cloud.delete(keys.resource('tap_services', (JSON.parse(first.value) as Segment).tap_service_id));
          await server.live.until((view) => view.services.size === 1, 5_000);
          throw new StoreError('unavailable', 'for this test');
        },
      });
      compiler = await cloud.lead(server, failing);
      await cloud.converge(nodes);
      expect(failures).toBe(1);
      const [left] = made.filter(({ service }) => server.live.view.services.has(service));
      expect(await status(server, `${services}/${left?.service}`)).toEqual({ status: 'ACTIVE', reason: '' });
      const holders = [...(await segments(cloud)).values()].map(({ json }) => json['tap_service_id']);
      expect(holders).toEqual([left?.service]);
      expect(await status(server, `/v2.0/taas/tap_flows/${left?.flows[0]}`)).toMatchObject({ status: 'ACTIVE' });
    }, policy);
  });
});

interface Segment {
  readonly tap_service_id: string;
}
