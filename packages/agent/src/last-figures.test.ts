import { keys, type NodeTapFlow, statisticsCodec } from '@taas/model';
import { expect, it } from 'vitest';
import { Bench } from './testing/bench.js';

const [flow, service] = ['ffffffff-0000-4000-8000-000000000001', '55555555-0000-4000-8000-000000000001'];
const port = (n: number) => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, '0')}`;

it('a tap that is REMOVED says whether its last figures are told, and they are', async () => {
  const bench = await Bench.create();
  try {
    const node = await bench.addNode('n1', { intervals: { verify_ms: 100, port_poll_ms: 10 } });
    for (const n of [1, 2]) node.vpp.addPort({ name: `vm${n}`, tag: `net-vpp.port:${port(n)}`, bridgeDomain: 10 + n });
    await node.start();
    await node.wantService({ v: 1, id: service, project_id: 'p', port_id: port(2), inputs: [] });
    const wanted: NodeTapFlow = {
      ...{ v: 1, id: flow, project_id: 'p', tap_service_id: service, vlan_filter: null },
      ...{ source_port: port(1), direction: 'BOTH', filter: [], target: { type: 'local' } },
    };
    await node.until('tap_flows', flow, await node.wantFlow(wanted), 'ACTIVE');
    await node.until('tap_flows', flow, await node.wantFlow({ ...wanted, removed: true }), 'REMOVED');
    expect(await node.state('tap_flows', flow)).toMatchObject({ figures: 'told' });
    const key = keys.statistics('n1', 'tap_flows', flow);
    expect(statisticsCodec.parse(key, (await bench.store.get(key))?.value ?? '')).toMatchObject({ final: true });
    const unknown = { ...wanted, id: 'ffffffff-0000-4000-8000-000000000002', removed: true } as const;
    await node.until('tap_flows', unknown.id, await node.wantFlow(unknown), 'REMOVED');
    expect(await node.state('tap_flows', unknown.id)).toMatchObject({ figures: 'none' });
  } finally {
    await bench.close();
  }
});
