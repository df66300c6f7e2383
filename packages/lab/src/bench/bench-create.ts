import { silentLogger } from '@taas/service';
import { Cloud } from '../cloud.js';
import type { BenchContext } from './bench-context.js';
import { type BenchResult, type Figure, percentile } from './bench-result.js';

const rounds = 200;

/**
 * Create → ACTIVE as a client sees it: POST of a tap flow until a GET says ACTIVE, with a server and two agents as
 * processes of their own and a real etcd. One client, one flow at a time, half of them to the other node.
 */
export async function benchCreate(context: BenchContext): Promise<BenchResult> {
  const cloud = await Cloud.start({
    directory: context.directory,
    vpp: context.vpp,
    etcd: context.etcd,
    nodes: ['node-a', 'node-b'],
    transport: 'vlan',
    processes: true,
    clock: context.clock,
    logger: silentLogger,
  });
  try {
    const client = cloud.client('bench');
    const collector = await cloud.addPort('node-b', { id: port(1), bridgeDomain: 30 });
    const sources = [
      await cloud.addPort('node-a', { id: port(2), bridgeDomain: 20 }),
      await cloud.addPort('node-b', { id: port(3), bridgeDomain: 20 }),
    ];
    const service = await client.createTapService('bench', collector.id);
    await client.until('tap_services', service.id, 'ACTIVE');
    const accepted: number[] = [];
    const active: number[] = [];
    const gone: number[] = [];
    for (let i = -10; i < rounds; i += 1) {
      const source = sources[Math.abs(i) % 2];
      if (!source) throw new Error('no source port');
      const start = context.clock.monotonic();
      const flow = await client.createTapFlow({
        name: `flow ${i}`,
        tapServiceId: service.id,
        sourcePort: source.id,
        direction: 'BOTH',
      });
      const answered = context.clock.monotonic();
      await client.until('tap_flows', flow.id, 'ACTIVE', 5_000, 1);
      const ready = context.clock.monotonic();
      await client.delete('tap_flows', flow.id);
      await client.untilGone('tap_flows', flow.id);
      if (i < 0) continue; // the first few warm up every process
      accepted.push(answered - start);
      active.push(ready - start);
      gone.push(context.clock.monotonic() - ready);
    }
    return { bench: 'create', figures: figures(accepted, active, gone), notes: [cloud.describe(), `${rounds} flows`] };
  } finally {
    await cloud.stop();
  }
}

function figures(accepted: number[], active: number[], gone: number[]): Figure[] {
  return [
    { what: 'create answered (201), p50', value: percentile(accepted, 0.5), unit: 'ms' },
    {
      what: 'create to ACTIVE, p50',
      value: percentile(active, 0.5),
      unit: 'ms',
      target: { kind: 'at-most', value: 30 },
    },
    {
      what: 'create to ACTIVE, p99',
      value: percentile(active, 0.99),
      unit: 'ms',
      target: { kind: 'at-most', value: 100 },
    },
    { what: 'delete to gone, p50', value: percentile(gone, 0.5), unit: 'ms' },
    { what: 'delete to gone, p99', value: percentile(gone, 0.99), unit: 'ms' },
  ];
}

function port(n: number): string {
  return `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`;
}
