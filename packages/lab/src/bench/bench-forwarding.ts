import type { BenchContext } from './bench-context.js';
import { type BenchResult, type Figure, percentile } from './bench-result.js';
import { ForwardingNode } from './forwarding-node.js';

const sizes = [64, 512, 1500] as const;
const fanOuts = [1, 2, 4] as const;
const places = ['local', 'remote'] as const;
/** How often an untapped port is measured beside taps, and without. */
const turns = 5;
/** What is to be reached beside the Python driver's wiring, with one collector. */
const targets = new Map([
  ['local 64', 0.75],
  ['remote 64', 0.95],
  ['local 1500', 0.95],
  ['remote 1500', 0.95],
]);

/**
 * What a tapped port forwards, in packets a second of one VPP worker: without a tap, with our taps, and with taps as the Python
 * driver wires them; and what a port forwards that is not tapped itself.
 */
export async function benchForwarding(context: BenchContext): Promise<BenchResult> {
  const node = await ForwardingNode.start(
    context,
    Array.from({ length: Math.max(...fanOuts) }, () => ({})),
  );
  try {
    await node.learn();
    const figures: Figure[] = [];
    for (const size of sizes) figures.push(...(await atSize(context, node, size)));
    figures.push(await untapped(node));
    return { bench: 'forwarding', figures, notes };
  } finally {
    await node.stop();
  }
}

async function atSize(context: BenchContext, node: ForwardingNode, size: number): Promise<Figure[]> {
  const { source, peer } = node.ports;
  context.say(`forwarding: frames of ${size} bytes ...`);
  const none = await node.rate(source, peer, size);
  const figures: Figure[] = [{ what: `${size} B, no tap`, value: none.pps / 1e6, unit: 'Mpps' }];
  for (const where of places)
    for (const count of fanOuts) {
      const ours = await tapped(node, size, count, `ours, ${where}`, () => node.tap(where, count));
      const python = await tapped(node, size, count, `Python's, ${where}`, () => node.tapAsPython(where, count));
      const target = count === 1 ? targets.get(`${where} ${size}`) : undefined;
      const name = `${size} B, ${where}, ${count} collector${count > 1 ? 's' : ''}`;
      figures.push(
        { what: `${name}: ours`, value: ours / 1e6, unit: 'Mpps' },
        { what: `${name}: Python's`, value: python / 1e6, unit: 'Mpps' },
        {
          what: `${name}: ours / Python's`,
          value: ours / python,
          unit: '',
          ...(target === undefined ? {} : { target: { kind: 'at-least', value: target } as const }),
        },
      );
    }
  return figures;
}

/** @throws Error when the copies did not all leave: a wiring that copies less is faster, and no use */
async function tapped(
  node: ForwardingNode,
  size: number,
  count: number,
  what: string,
  tap: () => Promise<() => Promise<void>>,
): Promise<number> {
  const untap = await tap();
  const { pps, copies } = await node.rate(node.ports.source, node.ports.peer, size);
  await untap();
  // The counters are not all read in the same instant.
  if (copies < count * 0.95 || copies > count * 1.05)
    throw new Error(`${what}: ${copies.toFixed(2)} copies of each packet left, not ${count}`);
  return pps;
}

async function untapped(node: ForwardingNode): Promise<Figure> {
  const { idle, idlePeer } = node.ports;
  const rate = async () => (await node.rate(idle, idlePeer, 64)).pps;
  const [beside, without] = await alternately(async () => {
    const untap = await node.tap('local', Math.max(...fanOuts));
    const pps = await rate();
    await untap();
    return pps;
  }, rate);
  return { what: '64 B, untapped port: beside taps / without', value: beside / without, unit: '' };
}

/** Two rates in turns, so that what the machine does meanwhile meets both alike. @returns the median of each */
async function alternately(
  one: () => Promise<number>,
  other: () => Promise<number>,
): Promise<readonly [number, number]> {
  const [ones, others]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    // Each is first as often as second.
    if (turn % 2 === 0) ones.push(await one());
    others.push(await other());
    if (turn % 2 === 1) ones.push(await one());
  }
  return [percentile(ones, 0.5), percentile(others, 0.5)];
}

const notes = [
  "packets in a second of the processor time of VPP's one worker; packet-generator interfaces, so that no NIC is measured; direction BOTH, the source sends, its peer is known",
  "ours: as the agent wires it; Python's: mirrored straight to the collector's port, or to a VLAN sub-interface of the uplink",
  'the untapped port is measured five times each way, in turns; its rates are the medians of those',
  'each figure is packets that reached the peer; that the copies left, all of them, is checked',
];
