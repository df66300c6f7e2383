import {
  CombinedCounters,
  connect,
  findSegment,
  labMessages,
  openSegmentFile,
  SimpleCounters,
  StatsSegment,
  systemClock as vppClock,
} from 'vpp-api';
import { VppProcess } from '../vpp-process.js';
import type { BenchContext } from './bench-context.js';
import { type BenchResult, type Figure, percentile } from './bench-result.js';

const interfaces = 10_000;
const names = ['/if/rx', '/if/tx', '/if/drops', '/if/tx-error'] as const;
const never = new AbortController().signal;

/** All counters of 10,000 interfaces: read from VPP's statistics segment, and asked of VPP by its command line. */
export async function benchStatistics(context: BenchContext): Promise<BenchResult> {
  const { vpp: binary, directory, clock } = context;
  if (binary === undefined) return { bench: 'statistics', figures: [], notes: [`not measured: ${context.vppMissing}`] };
  const vpp = new VppProcess(binary, directory, 'bench-statistics', clock, { statsMegabytes: 1024 });
  await vpp.start();
  try {
    const client = await connect({ socketPath: vpp.apiSocket, clientName: 'bench', messages: labMessages });
    context.say(`statistics: ${interfaces} loopbacks ...`);
    const place = { mac_address: new Uint8Array(6), is_specified: false, user_instance: 0 };
    for (let made = 0; made < interfaces; made += 50)
      await Promise.all(Array.from({ length: 50 }, () => client.request('create_loopback_instance', place)));
    const { vpe_pid } = await client.request('control_ping', {});
    const segment = new StatsSegment(openSegmentFile(await findSegment(vpe_pid)), vppClock);
    const bySegment = await times(context, 200, () => readAll(segment, false));
    const picked = await times(context, 200, () => readAll(segment, true));
    segment.close();
    const byCommand = await times(context, 20, () => client.request('cli_inband', { cmd: 'show interface' }));
    await client.close();
    return { bench: 'statistics', figures: figures(bySegment, picked, byCommand), notes };
  } finally {
    await vpp.kill();
  }
}

/** @param pick whether each counter of each interface is looked at, too */
async function readAll(segment: StatsSegment, pick: boolean): Promise<void> {
  const values = await segment.read(names, never);
  const [rx, tx, drops, txErrors] = names.map((name) => values.get(name));
  if (!(rx instanceof CombinedCounters && tx instanceof CombinedCounters))
    throw new Error('there is no /if/rx and /if/tx');
  if (!(drops instanceof SimpleCounters && txErrors instanceof SimpleCounters)) throw new Error('there are no drops');
  if (rx.length <= interfaces) throw new Error(`the segment has ${rx.length} interfaces`);
  let sum = 0n;
  for (let index = 1; pick && index <= interfaces; index += 1)
    sum +=
      rx.packets(index) +
      rx.bytes(index) +
      tx.packets(index) +
      tx.bytes(index) +
      drops.count(index) +
      txErrors.count(index);
  if (sum !== 0n) throw new Error('interfaces without traffic have counted something');
}

/** Milliseconds of each. */
async function times({ clock }: BenchContext, runs: number, work: () => Promise<unknown>): Promise<number[]> {
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const start = clock.monotonic();
    await work();
    found.push(clock.monotonic() - start);
  }
  return found;
}

function figures(bySegment: readonly number[], picked: readonly number[], byCommand: readonly number[]): Figure[] {
  const [fast, slow] = [percentile(bySegment, 0.5), percentile(byCommand, 0.5)];
  const target = { kind: 'at-most', value: 2 } as const;
  return [
    { what: `the segment's counters of ${interfaces} interfaces, p50`, value: fast, unit: 'ms', target },
    { what: 'the same, p99', value: percentile(bySegment, 0.99), unit: 'ms' },
    { what: 'and each of the 60,000 counters looked at, p50', value: percentile(picked, 0.5), unit: 'ms' },
    { what: '`show interface`, p50', value: slow, unit: 'ms' },
    { what: '`show interface` / segment', value: slow / fast, unit: 'x' },
  ];
}

const notes = [
  'of each interface received and sent packets and bytes, drops and errors',
  'interfaces without traffic, of which `show interface` prints one line each',
  "`show interface` stops VPP's workers as long as it runs; the segment is read without VPP's help",
];
