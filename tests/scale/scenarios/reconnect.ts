import type { Scenario } from '../scenario.js';
import { withoutEffect } from '../without-effect.js';

const spreadMs = 10_000;

/** All agents at once lose etcd, as by a switch that restarts, and are back within ten seconds. */
export const reconnect: Scenario = {
  name: 'reconnect',
  what: 'all agents end at once, and all start again within 10 s',
  async run({ cloud, figures }) {
    const scenario = 'reconnect';
    const { clock, nodes } = cloud;
    await withoutEffect({ cloud, figures, scenario, nodes: nodes.all.length }, async () => {
      const since = clock.now();
      await nodes.tell('stop', nodes.all);
      const from = clock.monotonic();
      await nodes.tell('start', nodes.all, spreadMs);
      while ((await nodes.facts()).ready < nodes.all.length) await clock.sleep(50);
      const behind = clock.monotonic() - from - spreadMs;
      figures.add({ scenario, what: 'all know their records, after the last', unit: 'ms', samples: [behind] });
      const there = async () => (await cloud.leader())?.facts.agents.there ?? 0;
      while ((await there()) < nodes.all.length) await clock.sleep(50);
      const seen = clock.monotonic() - from - spreadMs;
      figures.add({ scenario, what: 'the leader has all, after the last', unit: 'ms', samples: [seen] });
      const laps = cloud.servers.map((server) => server.lapsSince(since).longest);
      figures.add({ scenario, what: 'longest lap of each server', unit: 'ms', samples: laps, wanted: 20 });
    });
  },
};
