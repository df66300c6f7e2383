import type { LabPort } from '../lab-switch.js';
import { RealSwitch } from '../real-switch.js';
import { agentLoad, writeLoad } from './agent-load.js';
import type { BenchContext } from './bench-context.js';
import type { BenchResult, Figure } from './bench-result.js';
import { configurationOf } from './bench-switch.js';
import { MeasuredAgent } from './measured-agent.js';
import { TappedTraffic } from './tapped-traffic.js';

/** 1,000 flows: each source is tapped by every service. */
const size = { services: 10, flowsEach: 100, sources: 100 };
/** Frames a second of each source. */
const rate = 20;
/** Copies a second. */
const pace = rate * size.sources * size.services;
/** Frames of each source while the agent is killed and started. */
const framesEach = 300;
/** How long an agent that was killed stays away under traffic. */
const awayMs = 2_000;

/** 1,000 flows under traffic on a real VPP: its agent killed and started again, and then VPP itself. */
export async function benchRecovery(context: BenchContext): Promise<BenchResult> {
  if (context.vpp === undefined) throw new Error(`a real VPP is needed: ${context.vppMissing}`);
  const { directory, clock } = context;
  const given = agentLoad(size);
  const load = {
    ...given,
    flows: given.flows.map((flow) => ({ ...flow, direction: 'BOTH' as const })),
    // A network each, so that what a source sends is a copy or nothing.
    ports: given.ports.map((port, n) => ({ ...port, bridgeDomain: 10 + n })),
  };
  const lab = new RealSwitch(context.vpp, directory, `bench-${process.pid}`, clock, {
    statsMegabytes: 128,
    workers: 1,
    // The generator makes up for what it was kept from sending: without hugepages and on a busy machine in one large burst.
    buffers: 65_536,
  });
  try {
    context.say(`recovery: a VPP with ${load.ports.length} ports ...`);
    await lab.start();
    const ports: LabPort[] = [];
    for (const port of load.ports) ports.push(await lab.addPort(port));
    const agent = await MeasuredAgent.prepare(context, lab.apiSocket);
    try {
      await writeLoad(agent.store, agent.node, load);
      context.say(`recovery: ${load.flows.length} flows ...`);
      await agent.process.start(false);
      await agent.states.until('all flows ACTIVE', () => agent.states.active === load.flows.length, 60_000);
      const collectors = new Set(load.services.map(({ port_id }) => port_id));
      const traffic = new TappedTraffic(
        lab,
        ports.filter(({ id }) => !collectors.has(id)),
        ports.filter(({ id }) => collectors.has(id)),
        clock,
      );
      const figures = [
        ...(await agentKilled(context, lab, agent, traffic)),
        ...(await vppKilled(context, lab, agent, traffic)),
      ];
      return { bench: 'recovery', figures, notes: notes(lab) };
    } finally {
      await agent.stop();
    }
  } finally {
    await lab.stop();
  }
}

async function agentKilled(
  context: BenchContext,
  lab: RealSwitch,
  agent: MeasuredAgent,
  traffic: TappedTraffic,
): Promise<Figure[]> {
  context.say('recovery: the agent is killed under traffic, and started again ...');
  // A stream has an interface of its own, which stays.
  await traffic.start(rate, 1);
  await traffic.done();
  const before = { copies: await traffic.copies(), configuration: await configurationOf(lab.apiSocket) };
  await traffic.start(rate, framesEach);
  await traffic.copiedWholly(pace, 10_000);
  await agent.process.stop('SIGKILL');
  await context.clock.sleep(awayMs);
  const revision = await agent.revision();
  await agent.process.start(false);
  await agent.verified(revision);
  if (!(await traffic.running())) throw new Error('the traffic had ended before the agent was back');
  await traffic.done();
  const due = framesEach * size.sources * size.services;
  const lost = due - ((await traffic.copies()) - before.copies);
  const same = (await configurationOf(lab.apiSocket)) === before.configuration;
  const none = { kind: 'at-most', value: 0 } as const;
  return [
    { what: 'agent killed and started: copies that were due', value: due, unit: '' },
    { what: 'agent killed and started: copies lost', value: Math.abs(lost), unit: '', target: none },
    { what: 'agent killed and started: steps carried out', value: await agent.steps(), unit: '', target: none },
    { what: "agent killed and started: differences in VPP's dumps", value: same ? 0 : 1, unit: '', target: none },
  ];
}

async function vppKilled(
  { say, clock }: BenchContext,
  lab: RealSwitch,
  agent: MeasuredAgent,
  traffic: TappedTraffic,
): Promise<Figure[]> {
  say('recovery: VPP is killed, and started again with its ports ...');
  const killed = clock.monotonic();
  await lab.restart();
  const back = clock.monotonic();
  await traffic.start(rate, framesEach);
  const copied = await traffic.copiedWholly(pace, 60_000);
  await traffic.done();
  const before = await traffic.copies();
  await traffic.start(rate, 10);
  await traffic.done();
  const lost = 10 * size.sources * size.services - ((await traffic.copies()) - before);
  await agent.states.until('all flows ACTIVE', () => agent.states.active === size.services * size.flowsEach, 60_000);
  const seconds = (from: number) => (copied - from) / 1_000;
  return [
    { what: 'VPP killed: back with its ports after', value: (back - killed) / 1_000, unit: 's' },
    {
      what: 'VPP killed: all 1,000 flows copying, after it was back',
      value: seconds(back),
      unit: 's',
      target: { kind: 'at-most', value: 3 },
    },
    {
      what: 'VPP killed: copies lost of ten frames of each source sent then',
      value: Math.abs(lost),
      unit: '',
      target: { kind: 'at-most', value: 0 },
    },
  ];
}

function notes(lab: RealSwitch): string[] {
  return [
    `${lab.description}; ${size.sources} sources, each tapped by ${size.services} services, sending ${rate} frames a second each`,
    `the agent was away for ${awayMs / 1_000} s besides its start; copies are counted by VPP at the collectors' ports`,
    'VPP is back when networking-vpp has made all its ports; all flows are copying from the first 100 ms in which the copies due arrive',
  ];
}
