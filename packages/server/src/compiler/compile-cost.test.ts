import { keys, tapFlowCodec, tapServiceCodec } from '@taas/model';
import type { Operation, Store } from '@taas/store';
import { describe, expect, it } from 'vitest';
import { acme, defaultPolicy, portId, TestCloud } from '../test-cloud.suite.js';

interface Cost {
  readonly compiled: number;
  readonly transactions: number;
  readonly operations: number;
  readonly reads: number;
}

/** A cloud of `nodes` nodes with `flowsPerNode` flows each, all at rest, and what one more flow costs in it. */
async function costOfOneChange(nodes: number, flowsPerNode: number): Promise<Cost> {
  const cloud = new TestCloud({
    ...defaultPolicy,
    options: [{ type: 'vxlan', first: 1, last: 100_000 }],
    projectShare: 1,
  });
  try {
    let operations: Operation[] = [];
    const put = async (key: string, value: string) => {
      operations.push({ kind: 'put', key, value });
      if (operations.length < 128) return;
      await cloud.store.transact({ compare: [], operations });
      operations = [];
    };
    const common = { v: 1, project_id: acme, name: '', description: '', created_at: 0 } as const;
    for (let node = 0; node < nodes; node++) {
      await cloud.agent(`node${node}`);
      const serviceId = portId(node);
      await put(keys.boundPort(`node${node}`, portId(node)), '{}');
      const service = { ...common, id: serviceId, port_id: portId(node) };
      await put(keys.resource('tap_services', serviceId), tapServiceCodec.format(service));
      for (let index = 0; index < flowsPerNode; index++) {
        const id = portId(1_000_000 + node * flowsPerNode + index);
        await put(keys.boundPort(`node${(node + 1) % nodes}`, id), '{}');
        const flow = {
          ...common,
          id,
          tap_service_id: serviceId,
          source_port: id,
          direction: 'IN',
          vlan_filter: null,
        } as const;
        await put(keys.resource('tap_flows', id), tapFlowCodec.format(flow));
      }
    }
    await cloud.store.transact({ compare: [], operations });
    const replica = await cloud.replica();
    let reads = 0;
    const counting: Store = {
      get: (...args) => {
        reads += 1;
        return replica.store.get(...args);
      },
      list: (...args) => {
        reads += 1;
        return replica.store.list(...args);
      },
      transact: (...args) => replica.store.transact(...args),
      follow: (...args) => replica.store.follow(...args),
      lease: (...args) => replica.store.lease(...args),
      close: () => replica.store.close(),
    };
    const compiler = await cloud.lead(replica, counting);
    await cloud.settle();
    const before = { ...compiler.stats };
    const source = portId(999_999);
    await cloud.bind('node0', source);
    const id = portId(999_998);
    const flow = {
      ...common,
      id,
      tap_service_id: portId(0),
      source_port: source,
      direction: 'IN',
      vlan_filter: null,
    } as const;
    await cloud.put(keys.resource('tap_flows', id), tapFlowCodec.format(flow));
    await cloud.settle();
    expect((await cloud.store.get(keys.nodeResource('node0', 'tap_flows', id)))?.value).toContain('local');
    return {
      compiled: compiler.stats.compiled - before.compiled,
      transactions: compiler.stats.transactions - before.transactions,
      operations: compiler.stats.operations - before.operations,
      reads,
    };
  } finally {
    await cloud.stop();
  }
}

describe('the cost of one change', () => {
  it('does not grow with the cluster', async () => {
    const small = await costOfOneChange(4, 5);
    const large = await costOfOneChange(200, 5);
    expect(large).toEqual(small);
    expect(small.reads).toBe(0);
    expect(small.operations).toBe(1);
    expect(small.compiled).toBeLessThanOrEqual(3);
  });
});
