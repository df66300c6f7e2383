import type { Program } from '../cloud/fault-cloud.js';
import type { World } from '../world/world.js';
import { always, type Fault, type Injected } from './fault.js';

export const agentKilled: Fault = {
  name: 'agent-killed',
  what: 'kill -9 of an agent; started again later',
  available: always,
  inject: (world, random) => killed(world, random.pick(world.cloud.agents)),
};

export const serverKilled: Fault = {
  name: 'server-killed',
  what: 'kill -9 of a server that does not lead; started again later',
  available: always,
  inject: async (world, random) => {
    const leader = await world.cloud.leader();
    const others = world.cloud.servers.filter((_, n) => n !== leader);
    return killed(world, random.pick(others));
  },
};

export const leaderKilled: Fault = {
  name: 'leader-killed',
  what: 'kill -9 of the server whose compiler leads; started again later',
  available: always,
  inject: async (world) => killed(world, world.cloud.server((await world.cloud.leader()) ?? 0)),
};

export const programFrozen: Fault = {
  name: 'program-frozen',
  what: 'a server or an agent is stopped (SIGSTOP), often for longer than its lease, and goes on as though nothing had been',
  available: always,
  inject: async ({ cloud }, random) => {
    const { name, process } = random.pick(cloud.programs);
    process.freeze();
    return { on: name, heal: async () => process.thaw() };
  },
};

export const clockJump: Fault = {
  name: 'clock-jump',
  what: "the wall clock of a server or an agent jumps by hours, and later back (libfaketime; etcd's and VPP's stay)",
  available: ({ programs }) =>
    programs.every(({ time }) => time !== undefined) ? null : 'libfaketime is not installed (Debian: faketime)',
  inject: async ({ cloud }, random) => {
    const { name, time } = random.pick(cloud.programs);
    const seconds = random.pick([-86_400, -3_600, 3_600, 86_400]);
    time?.shift(seconds);
    return { on: `${name} by ${seconds} s`, heal: async () => time?.shift(0) };
  },
};

export const secondAgent: Fault = {
  name: 'second-agent',
  what: 'a second agent is started on a node by mistake, and taken away again: one of the two stands by all the time',
  available: always,
  inject: async ({ cloud }, random) => {
    const node = random.pick(cloud.nodes);
    const how = random.pick(['SIGTERM', 'SIGKILL'] as const);
    const second = await cloud.startSecondAgent(node, `second-agent-${random.int(1, 999_999)}-${node.name}`);
    let both = false;
    return {
      on: `${node.name}, later ${how}`,
      heal: async () => {
        both ||= await bothAtWork(cloud.agent(node.n), second);
        await cloud.discard(second, how);
        if (both) throw new Error(`two agents were at work on ${node.name}`);
      },
    };
  },
};

/** Looks at the first one before and after: one that has ended between may have left its place to the other. */
async function bothAtWork(first: Program, second: Program): Promise<boolean> {
  const { pid } = first.process;
  for (const program of [first, second, first]) if (!(await atWork(program))) return false;
  return first.process.pid === pid;
}

/** Whether an agent uses its switch or etcd, by its own word. */
async function atWork({ health }: Program): Promise<boolean> {
  const seen = await fetch(`${health}/readyz`, { signal: AbortSignal.timeout(500) }).then(
    async (answer) => (await answer.json()) as { readonly vpp?: boolean; readonly store?: boolean },
    () => undefined,
  );
  return seen?.vpp === true || seen?.store === true;
}

async function killed({ cloud }: World, program: Program): Promise<Injected> {
  await cloud.stopProgram(program, 'SIGKILL');
  return {
    on: program.name,
    heal: async () => {
      // Another fault may have started it meanwhile.
      if (program.process.pid === undefined) await program.process.start(false);
    },
  };
}
