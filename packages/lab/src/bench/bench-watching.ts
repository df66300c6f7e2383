import { keys } from '@taas/model';
import type { LabPort } from '../lab-switch.js';
import { RealSwitch } from '../real-switch.js';
import { type AgentLoad, agentLoad, writeLoad } from './agent-load.js';
import type { BenchContext } from './bench-context.js';
import { type BenchResult, type Figure, median } from './bench-result.js';
import { MeasuredAgent } from './measured-agent.js';
import { processorSeconds } from './process-memory.js';
import { TappedTraffic } from './tapped-traffic.js';

/** 1,000 flows: each source is tapped by every service. */
const size = { services: 10, flowsEach: 100, sources: 100 };
/** Frames a second of each source. */
const rate = 20;
const measuredMs = 20_000;
/** Until a program has got over its start. */
const settleMs = 8_000;
/** Each side's turns. */
const turns = 2;

/** What an agent costs while nothing changes: 1,000 flows that copy, on a real VPP; beside an earlier state of it, if there is one. */
export async function benchWatching(context: BenchContext): Promise<BenchResult> {
  if (context.vpp === undefined) throw new Error(`a real VPP is needed: ${context.vppMissing}`);
  const { directory, clock } = context;
  const given = agentLoad(size);
  const load: AgentLoad = {
    ...given,
    flows: given.flows.map((flow) => ({ ...flow, direction: 'BOTH' as const })),
    ports: given.ports.map((port, n) => ({ ...port, bridgeDomain: 10 + n })),
  };
  const tuning = { statsMegabytes: 128, workers: 1, buffers: 65_536 };
  const lab = new RealSwitch(context.vpp, directory, `bench-${process.pid}`, clock, tuning);
  try {
    context.say(`watching: a VPP with ${load.ports.length} ports ...`);
    await lab.start();
    const ports: LabPort[] = [];
    for (const port of load.ports) ports.push(await lab.addPort(port));
    const agent = await MeasuredAgent.prepare(context, lab.apiSocket, {}, 'compiled');
    try {
      return {
        bench: 'watching',
        figures: await measure(context, load, agent, trafficOf(context, lab, load, ports)),
        notes: notes(context, lab),
      };
    } finally {
      await agent.stop();
    }
  } finally {
    await lab.stop();
  }
}

function trafficOf(
  { clock }: BenchContext,
  lab: RealSwitch,
  load: AgentLoad,
  ports: readonly LabPort[],
): TappedTraffic {
  const collectors = new Set(load.services.map(({ port_id }) => port_id));
  const [from, to] = [ports.filter(({ id }) => !collectors.has(id)), ports.filter(({ id }) => collectors.has(id))];
  return new TappedTraffic(lab, from, to, clock);
}

async function measure(
  context: BenchContext,
  load: AgentLoad,
  agent: MeasuredAgent,
  traffic: TappedTraffic,
): Promise<Figure[]> {
  await writeLoad(agent.store, agent.node, load);
  const sides = context.before === undefined ? (['now'] as const) : (['before', 'now'] as const);
  const found = new Map<string, number[]>();
  const note = (what: string, value: number) => found.set(what, [...(found.get(what) ?? []), value]);
  const seconds = (turns * sides.length + 1) * ((measuredMs + settleMs) / 1_000 + 20);
  await agent.start();
  await agent.states.until('all flows ACTIVE', () => agent.states.active === load.flows.length, 120_000);
  await traffic.start(rate, Math.round(rate * seconds));
  for (let turn = 0; turn < turns; turn += 1)
    for (const side of sides) {
      context.say(`watching: ${side}, turn ${turn + 1} of ${turns} ...`);
      await agent.stopProgram();
      const revision = await agent.revision();
      await agent.start(side === 'before' ? context.before : undefined);
      await agent.verified(revision);
      note(side, await share(context, agent));
    }
  context.say('watching: figures of all are asked for ...');
  await ask(agent, load);
  note('asked', await share(context, agent));
  const [now = Number.NaN, before, asked = Number.NaN] = ['now', 'before', 'asked'].map((what) => {
    const values = found.get(what);
    return values && median(values);
  });
  return [
    { what: "the agent's processor time, of one second", value: now, unit: 'ms' },
    { what: '  while figures of all are asked for', value: asked, unit: 'ms' },
    ...(before === undefined
      ? []
      : [
          { what: '  of the earlier state', value: before, unit: 'ms' },
          { what: '  now / earlier', value: now / before, unit: 'x', target: { kind: 'at-most', value: 1 } as const },
        ]),
  ];
}

/** Milliseconds of processor time in a second. */
async function share({ clock }: BenchContext, agent: MeasuredAgent): Promise<number> {
  await clock.sleep(settleMs);
  const [at, used] = [clock.monotonic(), processorSeconds(agent.pid)];
  await clock.sleep(measuredMs);
  return ((processorSeconds(agent.pid) - used) * 1_000_000) / (clock.monotonic() - at);
}

/** As a server does for who reads statistics; agents answer of each every five seconds. */
async function ask({ store, node }: MeasuredAgent, { services, flows }: AgentLoad): Promise<void> {
  const taps = [
    ...services.map(({ id }) => keys.statisticsRequest(node, 'tap_services', id)),
    ...flows.map(({ id }) => keys.statisticsRequest(node, 'tap_flows', id)),
  ];
  for (let at = 0; at < taps.length; at += 100)
    await store.transact({
      compare: [],
      operations: taps.slice(at, at + 100).map((key) => ({ kind: 'put', key, value: '{"v":1}' })),
    });
}

function notes({ before }: BenchContext, lab: RealSwitch): string[] {
  return [
    `${lab.description}; ${size.sources} sources, each tapped by ${size.services} services, sending ${rate} frames a second each`,
    `user and system time over ${measuredMs / 1_000} s, ${settleMs / 1_000} s after the agent has looked at all; medians of ${turns} turns`,
    before === undefined
      ? 'no earlier state was given: --before DIR'
      : `the earlier state, in turns on the same VPP: ${before}`,
  ];
}
