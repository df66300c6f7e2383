import { type AgentLoad, agentLoad, flowOperation, writeLoad } from './agent-load.js';
import type { BenchContext } from './bench-context.js';
import { type BenchResult, type Figure, percentile } from './bench-result.js';
import { type BenchSwitch, configurationOf, startBenchSwitch } from './bench-switch.js';
import { MeasuredAgent } from './measured-agent.js';
import { memoryOf, processorSeconds } from './process-memory.js';
import { scrapeFigures } from './scrape.js';

const size = { services: 100, flowsEach: 100, sources: 500 };
const samples = 200;

/**
 * An agent with 10,000 flows on its node: from an empty switch to all ACTIVE; a restart with all in place; its memory; and
 * one flow changed among the others. The agent is the real program, told by records written to etcd directly.
 */
export async function benchAgent(context: BenchContext): Promise<BenchResult> {
  const load = agentLoad(size);
  context.say(`agent: a switch with ${load.ports.length} ports ...`);
  const lab = await startBenchSwitch(context, load.ports);
  try {
    const agent = await MeasuredAgent.prepare(context, lab.apiSocket);
    try {
      await writeLoad(agent.store, agent.node, load);
      const measured = await measure({ context, load, lab, agent });
      return { bench: 'agent', figures: figures(measured), notes: notes(lab, measured) };
    } finally {
      await agent.stop();
    }
  } finally {
    await lab.stop();
  }
}

interface Measuring {
  readonly context: BenchContext;
  readonly load: AgentLoad;
  readonly lab: BenchSwitch;
  readonly agent: MeasuredAgent;
}

async function measure(on: Measuring) {
  const { context, load, lab, agent } = on;
  const { process, states } = agent;
  const { clock } = context;
  context.say(`agent: ${load.flows.length} flows on an empty switch ...`);
  const switchBefore = processorSeconds(lab.pid);
  let start = clock.monotonic();
  await process.start(false);
  await states.until('all flows ACTIVE', () => states.active === load.flows.length, 300_000);
  const fillSeconds = (clock.monotonic() - start) / 1_000;
  const switchSeconds = processorSeconds(lab.pid) - switchBefore;
  const agentSeconds = processorSeconds(process.pid);
  const filled = memoryOf(process.pid);
  const before = await configurationOf(lab.apiSocket);

  context.say('agent: restart with all in place ...');
  await process.stop();
  const revision = await agent.revision();
  start = clock.monotonic();
  await process.start(false);
  await agent.verified(revision);
  const restartSeconds = (clock.monotonic() - start) / 1_000;
  const steps = await agent.steps();
  const changed = (await configurationOf(lab.apiSocket)) === before ? 0 : 1;
  const restarted = memoryOf(process.pid);

  context.say(`agent: ${samples} changes of one flow ...`);
  const times: number[] = [];
  for (let i = -10; i < samples; i += 1) {
    const time = await oneChange(on, i + 10);
    if (i >= 0) times.push(time); // the first few warm up the program
  }
  return {
    fillSeconds,
    switchSeconds,
    agentSeconds,
    restartSeconds,
    steps,
    changed,
    filled,
    restarted,
    after: memoryOf(process.pid),
    times,
    scrape: await scrapeFigures(context, agent.health, process.pid),
  };
}

/** Gives one flow, picked all over the node, another direction; resolves with the milliseconds until its state says so. */
async function oneChange({ context, load, agent: { node, store, states } }: Measuring, i: number): Promise<number> {
  const flow = load.flows[(i * 7_919) % load.flows.length];
  if (!flow) throw new Error('there are no flows');
  const direction = flow.direction === 'IN' ? 'OUT' : 'IN';
  const start = context.clock.monotonic();
  const operations = [flowOperation(node, { ...flow, direction })];
  const { revision } = await store.transact({ compare: [], operations });
  await states.until(`flow ${flow.id} ACTIVE again`, () => states.isActive(flow.id, revision), 20_000);
  return context.clock.monotonic() - start;
}

type Measured = Awaited<ReturnType<typeof measure>>;

function figures(m: Measured): Figure[] {
  const most = Math.max(m.filled.mostMegabytes, m.restarted.mostMegabytes, m.after.mostMegabytes);
  const atMost = (value: number) => ({ kind: 'at-most', value }) as const;
  return [
    { what: 'from an empty switch to all ACTIVE', value: m.fillSeconds, unit: 's', target: atMost(15) },
    { what: "  the switch's processor time of that", value: m.switchSeconds, unit: 's' },
    { what: "  the agent's processor time of that", value: m.agentSeconds, unit: 's' },
    { what: 'restart with all in place, to verified', value: m.restartSeconds, unit: 's', target: atMost(3) },
    { what: 'restart: steps that the agent carried out', value: m.steps, unit: '', target: atMost(0) },
    { what: "restart: differences in the switch's dumps", value: m.changed, unit: '', target: atMost(0) },
    { what: 'memory, the most at any time', value: most, unit: 'MB', target: atMost(300) },
    { what: 'memory after the restart and the changes', value: m.after.nowMegabytes, unit: 'MB' },
    { what: 'one flow changed, p50', value: percentile(m.times, 0.5), unit: 'ms', target: atMost(20) },
    { what: 'one flow changed, p99', value: percentile(m.times, 0.99), unit: 'ms' },
    ...m.scrape,
  ];
}

function notes(lab: BenchSwitch, m: Measured): string[] {
  return [
    `${lab.description}; ${size.services} tap services of ${size.flowsEach} local flows from ${size.sources} source ports`,
    'agent as a process, etcd of one member on the same machine, records written to etcd directly',
    `${m.times.length} changes; the time is from the put to the state as a follower of etcd sees it`,
  ];
}
