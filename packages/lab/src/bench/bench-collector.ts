import { join } from 'node:path';
import { findTestpmd, testpmdInstallHint, VhostVm } from '../vhost-vm.js';
import type { BenchContext } from './bench-context.js';
import type { BenchResult, Figure } from './bench-result.js';
import { ForwardingNode } from './forwarding-node.js';

const sizes = [64, 1500] as const;
/** Frames a second of a busy VM, far below what the worker can forward. */
const pace = 200_000;

/**
 * What a tapped port forwards while its collector, a VM with a real virtio driver, takes what it is given, takes nothing (its ring
 * is full), or is not there; and where VPP counts the copies that came to nothing.
 */
export async function benchCollector(context: BenchContext): Promise<BenchResult> {
  const testpmd = findTestpmd(process.env);
  if (testpmd === undefined) throw new Error(`there is no dpdk-testpmd on the PATH: ${testpmdInstallHint}`);
  const socket = join(context.directory, 'collector');
  const node = await ForwardingNode.start(context, [{ socket }]);
  let vm: VhostVm | undefined;
  try {
    await node.learn();
    const figures = await measure(context, node, 'no tap', undefined);
    await node.tap('local', 1);
    figures.push(...(await measure(context, node, 'no VM', undefined)));
    vm = await VhostVm.start({ testpmd, socket, mac: '02:bb:00:00:00:01' }, context.clock);
    figures.push(...(await measure(context, node, 'reading', vm)));
    await vm.ignore();
    figures.push(...(await measure(context, node, 'full ring', vm)));
    return { bench: 'collector', figures, notes };
  } finally {
    await vm?.kill();
    await node.stop();
  }
}

async function measure(
  context: BenchContext,
  node: ForwardingNode,
  name: string,
  vm: VhostVm | undefined,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  const { source, peer } = node.ports;
  for (const size of sizes) {
    context.say(`collector: ${name}, frames of ${size} bytes ...`);
    const before = await fate(node, vm);
    const { pps } = await node.rate(source, peer, size);
    const after = await fate(node, vm);
    const lost = await node.lost(source, peer, size, pace);
    const what = `${size} B, ${name}`;
    figures.push({ what: `${what}: forwarded`, value: pps / 1e6, unit: 'Mpps' });
    figures.push({ what: `${what}: of ${pace} frames in a second, lost`, value: lost, unit: '' });
    const copies = after.given - before.given;
    for (const part of ['read', 'drops', 'txErrors'] as const)
      if (copies > 0)
        figures.push({ what: `${what}: ${words[part]}`, value: (after[part] - before[part]) / copies, unit: '' });
  }
  return figures;
}

/** What became of the copies so far, by the counters of the collector's port and of its VM. */
async function fate(node: ForwardingNode, vm: VhostVm | undefined) {
  const [collector] = node.ports.collectors;
  const port = (await node.vpp.counters()).get(collector?.swIfIndex ?? 0);
  const read = (await vm?.counters())?.received ?? 0;
  return { given: port?.txPackets ?? 0, drops: port?.drops ?? 0, txErrors: port?.txErrors ?? 0, read };
}

const words = {
  read: 'copies that the VM has read, of those that the port counts as sent',
  drops: "the port's drops, of those",
  txErrors: "the port's tx-error, of those",
};

const notes = [
  "forwarded: packets that reach the source's peer in a second of the processor time of VPP's one worker, which sends as fast as it can",
  'full ring: the driver stays attached and takes nothing; no VM: the port waits for one',
];
