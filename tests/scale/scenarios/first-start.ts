import type { Scenario } from '../scenario.js';

/** Nothing has been compiled; the agents are there, then the first server comes, then the second. */
export const firstStart: Scenario = {
  name: 'first-start',
  what: 'agents, then a server that compiles everything, then a second server (always the first of a run)',
  async run({ cloud, figures }) {
    const { clock, nodes, population } = cloud;
    const [scenario, most] = ['first-start', Math.max(10_000, population.size.nodes * 20)];
    const from = clock.monotonic();
    await nodes.tell('start', nodes.all, most);
    figures.add({ scenario, what: 'agents started', unit: 's', samples: [(clock.monotonic() - from) / 1000] });
    const started = clock.monotonic();
    const since = clock.now();
    const ready = await cloud.server(0).start();
    figures.add({ scenario, what: 'server: start to ready, nothing compiled', unit: 's', samples: [ready / 1000] });
    /** Of the server, of etcd, and of all nodes together, in s. */
    const work = async () => [cloud.server(0).processor, (await cloud.etcdFacts()).processor, nodes.processor] as const;
    const before = await work();
    const wanted = population.services.length + population.flows.length;
    while (cloud.watch.published < wanted) await clock.sleep(50);
    const told = (clock.monotonic() - started - ready) / 1000;
    figures.add({ scenario, what: 'everything compiled, from ready', unit: 's', samples: [told], wanted: 15 });
    await cloud.settled();
    const all = (clock.monotonic() - started - ready) / 1000;
    figures.add({ scenario, what: 'every tap ACTIVE, from ready', unit: 's', samples: [all] });
    const after = await work();
    for (const [n, whose] of ['the server', 'etcd', 'all nodes'].entries()) {
      const used = (after[n] ?? Number.NaN) - (before[n] ?? Number.NaN);
      figures.add({ scenario, what: `processor time of ${whose} for it`, unit: 's', samples: [used] });
    }
    // When a tap began is told to the audit trail when there is time; what comes next is not to be counted together with that.
    while ((cloud.watch.traffic.get('audit-began')?.more ?? 0) < wanted) await clock.sleep(50);
    const logged = (clock.monotonic() - started - ready) / 1000;
    figures.add({ scenario, what: 'the audit trail has that all began, from ready', unit: 's', samples: [logged] });
    const laps = cloud.server(0).lapsSince(since);
    figures.add({ scenario, what: 'longest lap of its event loop until then', unit: 'ms', samples: [laps.longest] });
    const second = await cloud.server(1).start();
    figures.add({ scenario, what: 'follower: start to ready', unit: 's', samples: [second / 1000], wanted: 5 });
    figures.add({
      scenario,
      what: 'processor time of the follower for it',
      unit: 's',
      samples: [cloud.server(1).processor],
    });
    await cloud.settled();
    const memory = cloud.servers.map((server) => cloud.memory(server).nowMegabytes);
    figures.add({ scenario, what: 'memory of a server', unit: 'MB', samples: memory, wanted: 400 });
    const { dbBytes, keys, watchers } = await cloud.etcdFacts();
    figures.add({ scenario, what: "etcd's database", unit: 'MB', samples: [dbBytes / 1e6], most: 1_000 });
    figures.add({ scenario, what: 'keys in etcd', unit: '', samples: [keys] });
    // An agent follows its records and its own presence; a server three prefixes, the leader's key, and what it writes under.
    const bound = 2 * population.size.nodes + 40;
    figures.add({ scenario, what: 'watches in etcd', unit: '', samples: [watchers], most: bound });
    const { failures } = await nodes.facts();
    figures.add({ scenario, what: 'taps that could not be wired', unit: '', samples: [failures], most: 0 });
  },
};
