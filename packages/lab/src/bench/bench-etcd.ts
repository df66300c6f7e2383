import { compareUnary, launchEtcd } from '@taas/store/testing';
import type { BenchContext } from './bench-context.js';
import type { BenchResult } from './bench-result.js';

/** Calls to etcd with one answer: our transport beside the library's, to tell whether it is worth its lines. */
export async function benchEtcd(context: BenchContext): Promise<BenchResult> {
  const etcd = await launchEtcd({ command: context.etcd, clock: context.clock });
  try {
    const { ours, library } = await compareUnary(etcd.endpoint, context.clock);
    return {
      bench: 'etcd',
      figures: [
        { what: 'reads a second, one by one', value: ours.oneByOne, unit: '/s' },
        { what: '  by connect-node', value: library.oneByOne, unit: '/s' },
        { what: 'reads a second, 64 at a time', value: ours.sideBySide, unit: '/s' },
        { what: '  by connect-node, 64 at a time', value: library.sideBySide, unit: '/s' },
        { what: 'CPU of the client for a read', value: ours.cpuMicros, unit: 'µs' },
        { what: '  by connect-node, CPU', value: library.cpuMicros, unit: 'µs' },
        { what: 'ratio, one by one', value: ours.oneByOne / library.oneByOne, unit: 'x' },
        { what: 'ratio, 64 at a time', value: ours.sideBySide / library.sideBySide, unit: 'x' },
        { what: 'ratio of CPU', value: library.cpuMicros / ours.cpuMicros, unit: 'x' },
      ],
      notes: ['one etcd on loopback; ours and connect-node take turns on connections of the same kind'],
    };
  } finally {
    await etcd.close();
  }
}
