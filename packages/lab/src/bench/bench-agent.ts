import { readFileSync } from 'node:fs';
import { agentCodec, keys } from '@taas/model';
import { silentLogger } from '@taas/service';
import { createEtcdStore, launchEtcd, type Revision, type Store } from '@taas/store';
import { freePort } from '../free-port.js';
import { ProgramProcess } from '../program-process.js';
import { type AgentLoad, agentLoad, flowOperation, StateFollower, writeLoad } from './agent-load.js';
import type { BenchContext } from './bench-context.js';
import { type BenchResult, type Figure, percentile } from './bench-result.js';
import { type BenchSwitch, configurationOf, startBenchSwitch } from './bench-switch.js';
import { memoryOf } from './process-memory.js';

const size = { services: 100, flowsEach: 100, sources: 500 };
const samples = 200;
const node = 'bench';

/**
 * An agent with 10,000 flows on its node: from an empty switch to all ACTIVE; a restart with all in place; its memory; and
 * one flow changed among the others. The agent is the real program, told by records written to etcd directly.
 */
export async function benchAgent(context: BenchContext): Promise<BenchResult> {
  const load = agentLoad(size);
  const stop = new AbortController();
  const closers: (() => Promise<unknown>)[] = [];
  try {
    context.say(`agent: a switch with ${load.ports.length} ports ...`);
    const lab = await startBenchSwitch(context, load.ports);
    closers.push(() => lab.stop());
    const { clock } = context;
    const etcd = await launchEtcd({ clock, command: context.etcd });
    closers.push(() => etcd.close());
    const store = createEtcdStore({ endpoints: [etcd.endpoint], clock, logger: silentLogger, random: Math.random });
    closers.push(() => store.close());
    await writeLoad(store, node, load);
    const states = new StateFollower(store, node);
    const following = states.follow(stop.signal);
    closers.push(() => {
      stop.abort(new Error('measured'));
      return following;
    });
    const health = await freePort();
    const agent = agentProcess(context, lab, etcd.endpoint, health);
    closers.push(() => agent.stop());
    const measured = await measure({ context, load, lab, store, states, agent, health });
    return { bench: 'agent', figures: figures(measured), notes: notes(lab, measured) };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

interface Measuring {
  readonly context: BenchContext;
  readonly load: AgentLoad;
  readonly lab: BenchSwitch;
  readonly store: Store;
  readonly states: StateFollower;
  readonly agent: ProgramProcess;
  readonly health: number;
}

async function measure(on: Measuring) {
  const { context, load, lab, states, agent, health } = on;
  const { clock } = context;
  context.say(`agent: ${load.flows.length} flows on an empty switch ...`);
  const switchBefore = processorSeconds(lab.pid);
  let start = clock.monotonic();
  await agent.start(false);
  await states.until('all flows ACTIVE', () => states.active === load.flows.length, 300_000);
  const fillSeconds = (clock.monotonic() - start) / 1_000;
  const switchSeconds = processorSeconds(lab.pid) - switchBefore;
  const agentSeconds = processorSeconds(agent.pid);
  const filled = memoryOf(agent.pid);
  const before = await configurationOf(lab.apiSocket);

  context.say('agent: restart with all in place ...');
  await agent.stop();
  const { revision } = await on.store.list(keys.agent(node));
  start = clock.monotonic();
  await agent.start(false);
  await verified(on, revision);
  const restartSeconds = (clock.monotonic() - start) / 1_000;
  const steps = await stepsOf(health);
  const changed = (await configurationOf(lab.apiSocket)) === before ? 0 : 1;
  const restarted = memoryOf(agent.pid);

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
    after: memoryOf(agent.pid),
    times,
  };
}

/**
 * Waits until the agent has compared all of VPP with all that is wanted: it says what VPP it is connected to only then.
 * @param since revision of the store before the agent was started
 */
async function verified(on: Measuring, since: Revision): Promise<void> {
  const deadline = on.context.clock.monotonic() + 120_000;
  for (;;) {
    const entry = await on.store.get(keys.agent(node));
    if (entry && entry.modRevision > since && agentCodec.parse(entry.key, entry.value).vpp_version !== null) return;
    if (on.context.clock.monotonic() > deadline) throw new Error('the agent has not looked at VPP within 120 s');
    await on.context.clock.sleep(10);
  }
}

/** Gives one flow, picked all over the node, another direction; resolves with the milliseconds until its state says so. */
async function oneChange({ context, load, store, states }: Measuring, i: number): Promise<number> {
  const flow = load.flows[(i * 7_919) % load.flows.length];
  if (!flow) throw new Error('there are no flows');
  const direction = flow.direction === 'IN' ? 'OUT' : 'IN';
  const start = context.clock.monotonic();
  const operations = [flowOperation(node, { ...flow, direction })];
  const { revision } = await store.transact({ compare: [], operations });
  await states.until(`flow ${flow.id} ACTIVE again`, () => states.isActive(flow.id, revision), 20_000);
  return context.clock.monotonic() - start;
}

function agentProcess(context: BenchContext, lab: BenchSwitch, endpoint: string, health: number): ProgramProcess {
  const config = {
    node,
    vpp: { api_socket: lab.apiSocket },
    etcd: { endpoints: [endpoint] },
    health: { host: '127.0.0.1', port: health },
  };
  const spec = { name: 'agent', program: 'taas-agent', directory: context.directory, config } as const;
  return new ProgramProcess({ ...spec, healthPort: health }, context.clock);
}

/** Steps that the agent says it has carried out on VPP since its start. */
async function stepsOf(health: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${health}/healthz`);
  const steps = /"steps":\s*(\d+)/.exec(await answer.text())?.[1];
  if (steps === undefined) throw new Error('/healthz does not tell the number of steps');
  return Number(steps);
}

/** Seconds that a process has had a processor, in the kernel's hundredths. */
function processorSeconds(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, stands in parentheses and may hold anything; user and system time are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
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
  ];
}

function notes(lab: BenchSwitch, m: Measured): string[] {
  return [
    `${lab.description}; ${size.services} tap services of ${size.flowsEach} local flows from ${size.sources} source ports`,
    'agent as a process, etcd of one member on the same machine, records written to etcd directly',
    `${m.times.length} changes; the time is from the put to the state as a follower of etcd sees it`,
  ];
}
