import { keys } from '@taas/model';
import { nodeName } from '../population.js';
import type { Scenario } from '../scenario.js';

const mostVms = 1_000;

/** A rack is emptied: each VM's port is bound elsewhere, at a steady rate for a minute. */
export const evacuation: Scenario = {
  name: 'evacuation',
  what: `${mostVms} VMs (a tenth of all, in a smaller cloud) move to other nodes at ${mostVms} a minute`,
  async run({ cloud, figures }) {
    const scenario = 'evacuation';
    const { clock, population, store, watch } = cloud;
    const { nodes } = population.size;
    const rack = Math.max(1, Math.floor(nodes / 10));
    const moving = population.flows
      .filter(({ source }) => source.node < rack)
      .slice(0, Math.min(mostVms, Math.ceil(population.flows.length / 10)));
    const since = clock.now();
    const movesBefore = (await cloud.leader())?.facts.moves.hand_overs ?? 0;
    const started = clock.monotonic();
    const sent: { readonly flow: string; readonly node: string; readonly at: number }[] = [];
    for (const [n, { id, source }] of moving.entries()) {
      await clock.sleep(Math.max(0, started + (n * 60_000) / mostVms - clock.monotonic()));
      const node = nodeName(rack + (n % (nodes - rack)));
      const at = clock.monotonic();
      await store.transact({
        compare: [],
        operations: [
          { kind: 'delete', key: keys.boundPort(nodeName(source.node), source.id) },
          { kind: 'put', key: keys.boundPort(node, source.id), value: '{}' },
        ],
      });
      sent.push({ flow: id, node, at });
    }
    await cloud.settled();
    const told = sent.flatMap(({ flow, node, at }) => {
      const then = watch.toldOn(node, flow);
      return then === undefined ? [] : [then - at];
    });
    const moves = (await cloud.leader())?.facts.moves;
    const missing = sent.length - told.length;
    figures.add({ scenario, what: 'a VM moves: its new node is told', unit: 'ms', samples: told, wanted: 60 });
    figures.add({ scenario, what: 'new nodes that were not told', unit: '', samples: [missing], most: 0 });
    const gap = moves?.longest_gap_ms ?? Number.NaN;
    figures.add({ scenario, what: 'longest time that a tap stood on no node', unit: 'ms', samples: [gap], most: 0 });
    const handed = sent.length - ((moves?.hand_overs ?? 0) - movesBefore);
    figures.add({ scenario, what: 'hand-overs that are missing', unit: '', samples: [handed], most: 0 });
    const { taps, active } = await cloud.nodes.facts();
    figures.add({ scenario, what: 'taps that do not stand', unit: '', samples: [taps - active], most: 0 });
    const laps = cloud.servers.map((server) => server.lapsSince(since).longest);
    figures.add({ scenario, what: 'longest lap of each server', unit: 'ms', samples: laps, wanted: 20 });
  },
};
