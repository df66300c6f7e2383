import type { Scenario } from '../scenario.js';
import { makeFlow } from '../taps.js';

const deaths = 3;

/** kill -9, at once a new flow through the other server; then the killed one comes back as a follower. */
export const leaderDies: Scenario = {
  name: 'leader-dies',
  what: `the leading server is killed, ${deaths} times; a flow made at once through the other`,
  async run({ cloud, figures }) {
    const scenario = 'leader-dies';
    const { clock, watch } = cloud;
    const told: number[] = [];
    const during: number[] = [];
    const longest: number[] = [];
    const ready: number[] = [];
    const before = watch.counted();
    for (let n = 0; n < deaths; n += 1) {
      const leader = (await cloud.leader())?.n;
      if (leader === undefined) throw new Error('no server leads');
      const other = cloud.server(1 - leader);
      const since = clock.now();
      await cloud.server(leader).stop();
      const died = clock.monotonic();
      const flow = await makeFlow(cloud, other);
      told.push((await watch.told(flow.id, 60_000)) - died);
      // While it goes through everything for the first time, changes come first.
      while ((await other.readiness())?.compiler.backlog !== 0 || during.length < (n + 1) * 5) {
        const next = await makeFlow(cloud, other);
        during.push((await watch.told(next.id, 60_000)) - next.at);
      }
      longest.push(other.lapsSince(since).longest);
      ready.push((await cloud.server(leader).start()) / 1000);
      await cloud.settled();
    }
    figures.add({ scenario, what: 'from the kill until a new flow is told', unit: 'ms', samples: told, wanted: 3_000 });
    figures.add({ scenario, what: 'told while the new leader looks at all', unit: 'ms', samples: during, wanted: 60 });
    figures.add({ scenario, what: 'longest lap of the new leader', unit: 'ms', samples: longest, wanted: 20 });
    figures.add({ scenario, what: 'server: start to ready, all compiled', unit: 's', samples: ready, wanted: 5 });
    const { writes } = watch.changesSince(before);
    // A new leader that finds all as it should be writes nothing but for the new flows.
    const made = told.length + during.length;
    figures.add({ scenario, what: 'keys written for a new flow', unit: '', samples: [writes / made], most: 12 });
  },
};
