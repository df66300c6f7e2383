import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { pcapngContents } from '@taas/packets';
import { silentLogger } from '@taas/service';
import { Cloud } from '../cloud/cloud.js';
import { describeCloud } from '../cloud/cloud-in-words.js';
import { joinHost } from '../cloud/host-receiver.js';
import { until } from '../cloud/until.js';
import type { LabPort } from '../lab-switch.js';
import { RealSwitch } from '../real-switch.js';
import type { BenchContext } from './bench-context.js';
import type { BenchResult, Figure } from './bench-result.js';
import { KeepAliveClient } from './keep-alive-client.js';
import { processorSeconds } from './process-memory.js';

/** Packets a second that the captured port sends. */
const rates = [1_000, 10_000, 50_000] as const;
const seconds = 5;
const frameBytes = 200;
const node = 'node-a';
const project = 'bench';
/** Where this machine receives, as the node reaches it. */
const address = '10.98.0.1';
const soon = { timeoutMs: 30_000, everyMs: 50 } as const;
const identity = { 'x-project-id': project, 'x-roles': 'member' };

/**
 * A capture at several rates: packets lost on the way to the file, and the processor time of `taas-server`, which receives, and of
 * VPP beside the same traffic without a capture. Server and agent are programs; the node sends to this machine's kernel.
 */
export async function benchCaptures(context: BenchContext): Promise<BenchResult> {
  if (context.vpp === undefined) throw new Error(`a real VPP is needed: ${context.vppMissing}`);
  const cloud = await Cloud.start({
    directory: context.directory,
    nodes: [node, 'node-b'],
    switch: context.vpp,
    clock: context.clock,
    ...{ store: { etcd: { command: context.etcd } }, process: 'programs', transport: 'vxlan', logger: silentLogger },
    tuning: { workers: 1, buffers: 65_536 },
    server: { project_share: 0.5, captures: { address } },
  });
  const client = new KeepAliveClient(cloud.url, identity);
  try {
    await joinHost(cloud, address);
    const port = (n: number) =>
      cloud.addPort(node, { id: `00000000-0000-4000-8000-00000000000${n}`, bridgeDomain: 10 });
    const traffic = new Traffic(context, cloud, await port(1), await port(2));
    const figures: Figure[] = [];
    for (const rate of rates) {
      context.say(`captures: ${rate} packets a second, without a capture ...`);
      const without = await traffic.run(rate, async () => undefined);
      context.say(`captures: ${rate} packets a second, captured ...`);
      figures.push(...compared(rate, without, await captured(context, cloud, client, traffic, rate)));
    }
    return { bench: 'captures', figures, notes: [describeCloud(cloud), ...notes] };
  } finally {
    client.close();
    await cloud.stop();
  }
}

/** What the same traffic has cost, in seconds of processor time, and how many of its packets did not reach their network. */
interface Cost {
  readonly server: number;
  readonly vpp: number;
  readonly lost: number;
}

/** A port that sends to another one of its network. */
class Traffic {
  #serial = 0;

  constructor(
    private readonly context: BenchContext,
    private readonly cloud: Cloud,
    readonly source: LabPort,
    private readonly peer: LabPort,
  ) {}

  /** @param settled resolves when whoever receives has all that was sent */
  async run(rate: number, settled: () => Promise<void>): Promise<Cost> {
    const vpp = this.vpp;
    const name = `source${this.#serial++}`;
    const arrived = async () => (await vpp.counters()).get(vpp.indexOf(this.peer))?.txPackets ?? 0;
    const used = () => ({ server: processorSeconds(this.cloud.server().pid), vpp: processorSeconds(vpp.pid) });
    const [before, at] = [await arrived(), used()];
    await vpp.cli(
      `packet-generator new { name ${name} limit ${rate * seconds} rate ${rate} size ${frameBytes}-${frameBytes} worker 0 ` +
        `interface ${vpp.nameOf(this.source)} node ethernet-input data { IP4: 02:00:00:00:00:01 -> 02:00:00:00:00:02 ` +
        `UDP: 10.0.0.1 -> 10.0.0.2 UDP: 1234 -> 2345 incrementing ${frameBytes - 42} } }`,
    );
    await vpp.cli(`packet-generator enable-stream ${name}`);
    const sends = async () => new RegExp(`^${name}\\s+Yes`, 'm').test(await vpp.cli('show packet-generator'));
    await until(this.context.clock, 'all is sent', async () => !(await sends()), soon);
    await settled();
    const end = used();
    await vpp.cli(`packet-generator delete ${name}`);
    const lost = before + rate * seconds - (await arrived());
    return { server: end.server - at.server, vpp: end.vpp - at.vpp, lost };
  }

  private get vpp(): RealSwitch {
    const { switch: vpp } = this.cloud.node(node);
    if (!(vpp instanceof RealSwitch)) throw new Error(`${node} has no real VPP`);
    return vpp;
  }
}

interface Captured extends Cost {
  /** Packets in the file, and those that the server says it has lost. */
  readonly inFile: number;
  readonly dropped: number;
}

async function captured(
  { clock, directory }: BenchContext,
  cloud: Cloud,
  client: KeepAliveClient,
  traffic: Traffic,
  rate: number,
): Promise<Captured> {
  const wish = { source_ports: [traffic.source.id], direction: 'OUT' };
  const made = await client.call('POST', '/v2.0/taas/captures', { capture: wish });
  if (made.status !== 201) throw new Error(`create: ${made.status} ${made.body}`);
  const path = `/v2.0/taas/captures/${JSON.parse(made.body).capture.id}`;
  const look = async (): Promise<Shown> => JSON.parse((await client.call('GET', path)).body).capture;
  await until(clock, 'the capture is ACTIVE', async () => (await look()).status === 'ACTIVE', soon);
  const file = join(directory, `${rate}.pcapng`);
  const stream = await streamOf(`${cloud.url}${path}/stream`);
  const written = finished(stream.pipe(createWriteStream(file)));
  let seen = -1;
  const cost = await traffic.run(rate, () =>
    until(
      clock,
      'nothing more is received',
      async () => {
        const { received } = (await look()).counted;
        const still = received === seen;
        seen = received;
        return still;
      },
      { ...soon, everyMs: 200 },
    ),
  );
  const { counted } = await look();
  await client.call('DELETE', path);
  await written;
  const { packets } = pcapngContents(await readFile(file), file);
  return { ...cost, inFile: packets.length, dropped: counted.dropped + (counted.kernel_dropped ?? Number.NaN) };
}

interface Shown {
  readonly status: string;
  /** Null: nobody can tell. */
  readonly counted: { readonly received: number; readonly dropped: number; readonly kernel_dropped: number | null };
}

function streamOf(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers: identity }, (response) =>
      response.statusCode === 200 ? resolve(response) : reject(new Error(`the stream: ${response.statusCode}`)),
    ).on('error', reject);
  });
}

function compared(rate: number, without: Cost, { server, vpp, lost, inFile, dropped }: Captured): Figure[] {
  const what = `${rate.toLocaleString('en-US')}/s`;
  const all = rate * seconds;
  // Of a second in which the port sends at that rate.
  const ms = (value: number) => ({ value: (value * 1_000) / seconds, unit: 'ms' });
  const of = `${what}: of ${all} packets,`;
  return [
    { what: `${of} not in the file`, value: all - inFile, unit: '' },
    { what: `${of} dropped by the receiver's kernel, as the capture tells`, value: dropped, unit: '' },
    { what: `${what}: the server's processor time, of one second`, ...ms(server) },
    { what: `${what}: the server's without a capture`, ...ms(without.server) },
    { what: `${what}: VPP's processor time, of one second`, ...ms(vpp) },
    { what: `${what}: VPP's without a capture`, ...ms(without.vpp) },
    { what: `${of} lost by the port's own network`, value: lost, unit: '' },
    { what: `${of} lost by it without a capture`, value: without.lost, unit: '' },
  ];
}

const notes = [
  `one port sends frames of ${frameBytes} bytes for ${seconds} s at each rate, OUT; the stream is written to a file by the benchmark, which is not counted`,
  "VPP's main thread sleeps 50 µs between two rounds, its worker never",
];
