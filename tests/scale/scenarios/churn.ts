import type { Scenario } from '../scenario.js';
import { afterSeconds, steadyChanges } from '../steady-changes.js';

/** Users come and go while nothing else happens. */
export const churn: Scenario = {
  name: 'churn',
  what: 'flows made and removed at a steady rate, through both servers',
  async run({ cloud, figures, churn: rate, seconds }) {
    const scenario = 'churn';
    const { watch } = cloud;
    const before = watch.counted();
    const since = cloud.clock.now();
    const leader = (await cloud.leader())?.n ?? 0;
    const compiledBefore = (await cloud.server(leader).readiness())?.compiler.compiled ?? 0;
    const times = await steadyChanges(cloud, rate, afterSeconds(seconds));
    await cloud.settled();
    const changes = times.post.length + times.remove.length;
    const { writes, bytes } = watch.changesSince(before);
    figures.add({ scenario, what: 'create: POST', unit: 'ms', samples: times.post, wanted: 10 });
    figures.add({ scenario, what: 'create: its node is told', unit: 'ms', samples: times.told, wanted: 20 });
    figures.add({ scenario, what: 'delete: DELETE', unit: 'ms', samples: times.remove });
    figures.add({ scenario, what: 'delete: its node is told', unit: 'ms', samples: times.untold });
    figures.add({ scenario, what: 'changes that failed', unit: '', samples: [times.failures.length], most: 0 });
    // Made, told, verified, role, audit, and what the service's node is told; likewise when it goes.
    figures.add({ scenario, what: 'keys written for a change', unit: '', samples: [writes / changes], most: 12 });
    figures.add({ scenario, what: 'bytes written for a change', unit: '', samples: [bytes / changes], most: 8_000 });
    const compiled = ((await cloud.server(leader).readiness())?.compiler.compiled ?? 0) - compiledBefore;
    figures.add({ scenario, what: 'services compiled for a change', unit: '', samples: [compiled / changes], most: 5 });
    for (const [n, server] of cloud.servers.entries()) {
      const { longest, above } = server.lapsSince(since);
      const who = n === leader ? 'leader' : 'follower';
      figures.add({ scenario, what: `longest lap, ${who}`, unit: 'ms', samples: [longest], wanted: 20 });
      figures.add({ scenario, what: `laps above 20 ms, ${who}`, unit: '', samples: [above] });
    }
    cloud.plan.say(`  keys written for a change, with heartbeats: ${watch.kindsSince(before, changes)}`);
    const { dbBytes } = await cloud.etcdFacts();
    figures.add({ scenario, what: "etcd's database", unit: 'MB', samples: [dbBytes / 1e6], most: 1_000 });
    if (times.failures[0]) cloud.plan.say(`  first failure: ${times.failures[0]}`);
  },
};
