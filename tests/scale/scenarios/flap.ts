import type { Scenario } from '../scenario.js';
import { afterSeconds, steadyChanges } from '../steady-changes.js';
import { withoutEffect } from '../without-effect.js';

const rounds = 3;

/** One node in ten goes for longer than its lease and comes back, again and again; nobody else notices. */
export const flap: Scenario = {
  name: 'flap',
  what: `10 % of the agents go for longer than their leases last, and come back, ${rounds} times`,
  async run({ cloud, figures, churn, seconds }) {
    const scenario = 'flap';
    const { clock, nodes, plan } = cloud;
    const some = nodes.all.filter((n) => n % 10 === 0);
    const gone: number[] = [];
    await withoutEffect({ cloud, figures, scenario, nodes: some.length * rounds }, async () => {
      const there = async () => (await cloud.leader())?.facts.agents.there ?? 0;
      for (let n = 0; n < rounds; n += 1) {
        const from = clock.monotonic();
        await nodes.tell('stop', some);
        while ((await there()) > nodes.all.length - some.length) await clock.sleep(100);
        gone.push((clock.monotonic() - from) / 1000);
        await nodes.tell('start', some, 2_000);
        while ((await there()) < nodes.all.length) await clock.sleep(100);
      }
    });
    figures.add({
      scenario,
      what: `until they are known to be gone (lease ${plan.leaseSeconds} s)`,
      unit: 's',
      samples: gone,
    });
    await nodes.tell('stop', some);
    // On nodes that are gone nothing is confirmed, so what is made there is told and no more.
    const times = await steadyChanges(cloud, churn, afterSeconds(seconds));
    await nodes.tell('start', some, 1_000);
    await cloud.settled();
    figures.add({ scenario, what: 'create meanwhile: its node is told', unit: 'ms', samples: times.told, wanted: 20 });
    figures.add({ scenario, what: 'changes that failed', unit: '', samples: [times.failures.length], most: 0 });
  },
};
