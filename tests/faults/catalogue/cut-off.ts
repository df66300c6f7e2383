import type { Program } from '../cloud/fault-cloud.js';
import type { Random } from '../random.js';
import { always, type Fault, type Injected } from './fault.js';

export const agentPartitioned: Fault = {
  name: 'agent-partitioned',
  what: 'an agent cannot reach etcd: connections break, or fall silent',
  available: always,
  inject: async ({ cloud }, random) => partitioned(random.pick(cloud.agents), random),
};

export const serverPartitioned: Fault = {
  name: 'server-partitioned',
  what: 'a server cannot reach etcd: connections break, or fall silent',
  available: always,
  inject: async ({ cloud }, random) => partitioned(random.pick(cloud.servers), random),
};

function partitioned({ name, etcd }: Program, random: Random): Injected {
  const silent = random.chance(0.5);
  for (const relay of etcd) {
    if (silent) relay.silence();
    else relay.cut();
  }
  return {
    on: `${name}, ${silent ? 'silent' : 'cut'}`,
    heal: async () => {
      for (const relay of etcd) relay.heal();
    },
  };
}
