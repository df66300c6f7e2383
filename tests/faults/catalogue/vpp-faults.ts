import { refusableMessages } from '@taas/lab';
import { always, type Fault } from './fault.js';

export const vppKilled: Fault = {
  name: 'vpp-killed',
  what: 'kill -9 of a VPP, which comes back empty but for its ports; its agent may have to wait for it',
  available: always,
  inject: async (world, random) => {
    const node = random.pick(world.cloud.nodes);
    node.vpp.cut();
    await world.switchRestarts(node.n);
    return { on: node.name, heal: async () => node.vpp.heal() };
  },
};

export const vppRefuses: Fault = {
  name: 'vpp-refuses',
  what: 'VPP answers some requests with an error, carried out or not',
  available: always,
  inject: async ({ cloud }, random) => {
    const node = random.pick(cloud.nodes);
    const messages = random.shuffled(refusableMessages).slice(0, random.int(1, 4));
    const kind = random.chance(0.7) ? 'refused' : 'lied';
    for (const message of messages) node.vppFaults.fail(message, kind, -random.int(1, 20), random.int(1, 5));
    return { on: `${node.name}, ${kind}: ${messages.join(', ')}`, heal: async () => node.vppFaults.clear() };
  },
};

export const vppLate: Fault = {
  name: 'vpp-late',
  what: "VPP answers late, sometimes later than the agent's patience",
  available: always,
  inject: async ({ cloud }, random) => {
    const node = random.pick(cloud.nodes);
    const ms = random.pick([20, 100, 300, 1_500]);
    node.vpp.delay(ms);
    return { on: `${node.name} by ${ms} ms each way`, heal: async () => node.vpp.heal() };
  },
};

export const vppConnectionLost: Fault = {
  name: 'vpp-connection-lost',
  what: "an agent's connection to its VPP breaks, in whatever it was doing, and VPP goes on",
  available: always,
  inject: async ({ cloud }, random) => {
    const node = random.pick(cloud.nodes);
    const away = random.chance(0.5);
    if (away) node.vpp.cut();
    else node.vpp.breakConnections();
    return { on: `${node.name}${away ? ', for a while' : ''}`, heal: async () => node.vpp.heal() };
  },
};
