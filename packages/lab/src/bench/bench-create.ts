import { type Clock, silentLogger } from '@taas/service';
import { Cloud } from '../cloud/cloud.js';
import { describeCloud } from '../cloud/cloud-in-words.js';
import type { LabPort } from '../lab-switch.js';
import { RealSwitch } from '../real-switch.js';
import type { BenchContext } from './bench-context.js';
import { type BenchResult, type Figure, percentile } from './bench-result.js';
import { KeepAliveClient } from './keep-alive-client.js';

const rounds = 400;
/** Of these, each with a poll of VPP's counters every millisecond. */
const copyRounds = 200;
/** Frames a second that a source sends then. */
const sendingRate = 5_000;
/** The first rounds let every process translate its code. */
const warmUp = 40;
const project = 'bench';
/** Between two polls of a flow's status: each costs the server, and so the tap itself, some time. */
const lookEveryMs = 1;

/**
 * Create → ACTIVE as a client sees it: POST of a tap flow until a GET says ACTIVE, with a server and two agents as
 * processes of their own and a real etcd. One client, one flow at a time, half of them to the other node.
 */
export async function benchCreate(context: BenchContext): Promise<BenchResult> {
  context.say('create: two nodes, a server and etcd ...');
  const cloud = await Cloud.start({
    directory: context.directory,
    switch: context.vpp ?? 'simulated',
    store: { etcd: { command: context.etcd } },
    process: 'programs',
    nodes: ['node-a', 'node-b'],
    transport: 'vlan',
    clock: context.clock,
    logger: silentLogger,
  });
  const client = new KeepAliveClient(cloud.url, { 'x-project-id': project, 'x-roles': 'member' });
  try {
    const setUp = cloud.client(project);
    const collector = await cloud.addPort('node-b', { id: port(1), bridgeDomain: 30 });
    const far = await cloud.addPort('node-a', { id: port(2), bridgeDomain: 20 });
    const near = await cloud.addPort('node-b', { id: port(3), bridgeDomain: 20 });
    const service = await setUp.createTapService('bench', collector.id);
    await setUp.until('tap_services', service.id, 'ACTIVE');
    context.say(`create: ${rounds} tap flows ...`);
    const samples: Sample[] = [];
    for (let i = -warmUp; i < rounds; i += 1) {
      const isFar = i % 2 === 0;
      const sample = await oneFlow(context, client, service.id, isFar ? far : near);
      if (i >= 0) samples.push({ ...sample, isFar });
    }
    const lab = cloud.node('node-b').switch;
    const first =
      lab instanceof RealSwitch
        ? await firstCopies(context, cloud, client, service.id, { near, far, collector, lab })
        : [];
    const notes = [
      describeCloud(cloud),
      `one client, one flow at a time: ${rounds}, after ${warmUp} that do not count`,
    ];
    return { bench: 'create', figures: [...figures(samples), ...first], notes };
  } finally {
    client.close();
    await cloud.stop();
  }
}

/** Milliseconds. */
interface Times {
  readonly answered: number;
  readonly active: number;
  readonly gone: number;
}

interface Sample extends Times {
  /** Source and collector are on different nodes. */
  readonly isFar: boolean;
}

async function oneFlow(
  { clock }: BenchContext,
  client: KeepAliveClient,
  serviceId: string,
  source: LabPort,
): Promise<Times> {
  const start = clock.monotonic();
  const path = await createFlow(client, serviceId, source);
  const answered = clock.monotonic() - start;
  await untilAnswers(clock, client, path, 'ACTIVE', (_status, body) => body.includes('"status":"ACTIVE"'));
  const active = clock.monotonic() - start;
  const deleting = clock.monotonic();
  await client.call('DELETE', path);
  await untilAnswers(clock, client, path, 'gone', (status) => status === 404);
  return { answered, active, gone: clock.monotonic() - deleting };
}

interface Tapped {
  readonly near: LabPort;
  readonly far: LabPort;
  readonly collector: LabPort;
  /** The collector's. */
  readonly lab: RealSwitch;
}

/** From the POST until the collector has been given a copy, of sources that send all the time. */
async function firstCopies(
  { clock, say }: BenchContext,
  cloud: Cloud,
  client: KeepAliveClient,
  serviceId: string,
  { near, far, collector, lab }: Tapped,
): Promise<Figure[]> {
  say(`create: ${copyRounds} tap flows of sources that send ...`);
  for (const [node, source] of [
    ['node-b', near],
    ['node-a', far],
  ] as const) {
    const { switch: vpp } = cloud.node(node);
    if (!(vpp instanceof RealSwitch)) throw new Error(`${node} has no real VPP`);
    await vpp.cli(
      `packet-generator new { name source limit 0 rate ${sendingRate} size 100-100 interface ${vpp.nameOf(source)} node ` +
        'ethernet-input data { IP4: 02:00:00:00:00:01 -> 02:00:00:00:00:02 UDP: 10.0.0.1 -> 10.0.0.2 ' +
        'UDP: 1234 -> 2345 incrementing 58 } }',
    );
    await vpp.cli('packet-generator enable-stream source');
  }
  const copies = async () => (await lab.counters()).get(collector.swIfIndex)?.txPackets ?? 0;
  const times: number[] = [];
  for (let i = 0; i < copyRounds; i += 1) {
    const before = await untilStill(clock, copies);
    const start = clock.monotonic();
    const path = await createFlow(client, serviceId, i % 2 === 0 ? far : near);
    while ((await copies()) === before) {
      if (clock.monotonic() - start > 10_000) throw new Error('no copy within 10 s');
      await clock.sleep(lookEveryMs);
    }
    times.push(clock.monotonic() - start);
    await client.call('DELETE', path);
    await untilAnswers(clock, client, path, 'gone', (status) => status === 404);
  }
  const ms = { unit: 'ms' } as const;
  return [
    { what: 'create to the first copy at the collector, p50', value: percentile(times, 0.5), ...ms },
    {
      what: 'create to the first copy at the collector, p99',
      value: percentile(times, 0.99),
      ...ms,
      target: { kind: 'at-most', value: 100 },
    },
  ];
}

/** @returns what does not change any more */
async function untilStill(clock: Clock, look: () => Promise<number>): Promise<number> {
  let before = await look();
  for (;;) {
    await clock.sleep(20);
    const now = await look();
    if (now === before) return now;
    before = now;
  }
}

/** @returns its path */
async function createFlow(client: KeepAliveClient, serviceId: string, source: LabPort): Promise<string> {
  const body = {
    tap_flow: { name: 'bench', tap_service_id: serviceId, source_port: source.id, direction: 'BOTH' },
  };
  const created = await client.call('POST', '/v2.0/taas/tap_flows', body);
  const id = /"id":"([0-9a-f-]{36})"/.exec(created.body)?.[1];
  if (created.status !== 201 || id === undefined) throw new Error(`create: ${created.status} ${created.body}`);
  return `/v2.0/taas/tap_flows/${id}`;
}

async function untilAnswers(
  clock: Clock,
  client: KeepAliveClient,
  path: string,
  what: string,
  reached: (status: number, body: string) => boolean,
): Promise<void> {
  const deadline = clock.monotonic() + 10_000;
  for (;;) {
    const { status, body } = await client.call('GET', path);
    if (reached(status, body)) return;
    if (clock.monotonic() > deadline) throw new Error(`not ${what} within 10 s: ${status} ${body}`);
    await clock.sleep(lookEveryMs);
  }
}

function figures(samples: readonly Sample[]): Figure[] {
  const of = (pick: (sample: Sample) => number, share: number, from = samples) => percentile(from.map(pick), share);
  const atMost = (value: number) => ({ kind: 'at-most', value }) as const;
  const active = (sample: Sample) => sample.active;
  const ms = { unit: 'ms' } as const;
  const [far, near] = [samples.filter(({ isFar }) => isFar), samples.filter(({ isFar }) => !isFar)];
  return [
    { what: 'create answered (201), p50', value: of(({ answered }) => answered, 0.5), ...ms },
    { what: 'create to ACTIVE, p50', value: of(active, 0.5), ...ms, target: atMost(30) },
    { what: 'create to ACTIVE, p99', value: of(active, 0.99), ...ms, target: atMost(100) },
    { what: 'create to ACTIVE, source on the same node, p50', value: of(active, 0.5, near), ...ms },
    { what: 'create to ACTIVE, source on the other node, p50', value: of(active, 0.5, far), ...ms },
    { what: 'delete to gone, p50', value: of(({ gone }) => gone, 0.5), ...ms },
    { what: 'delete to gone, p99', value: of(({ gone }) => gone, 0.99), ...ms },
  ];
}

function port(n: number): string {
  return `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`;
}
