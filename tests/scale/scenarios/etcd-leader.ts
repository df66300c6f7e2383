import type { Scenario } from '../scenario.js';
import { steadyChanges } from '../steady-changes.js';

/** The member of etcd that leads is killed under changes, and comes back. */
export const etcdLeader: Scenario = {
  name: 'etcd-leader',
  what: 'the leading member of etcd is killed under changes, and started again (--members 3)',
  unfit: ({ etcd }) => (etcd.length >= 3 ? null : 'etcd has fewer than three members: --members 3'),
  async run({ cloud, figures, churn }) {
    const scenario = 'etcd-leader';
    const { clock, nodes } = cloud;
    const stepsBefore = await nodes.facts();
    const stop = new AbortController();
    const changes = steadyChanges(cloud, Math.max(1, churn / 5), stop.signal);
    await clock.sleep(2_000);
    const member = await cloud.etcdLeader();
    const from = clock.monotonic();
    await member.kill();
    while (
      !(await cloud.etcdLeader().then(
        () => true,
        () => false,
      ))
    )
      await clock.sleep(50);
    figures.add({ scenario, what: 'etcd leads itself again', unit: 'ms', samples: [clock.monotonic() - from] });
    while (!(await Promise.all(cloud.servers.map((server) => server.ready()))).every(Boolean)) await clock.sleep(50);
    while ((await cloud.leader()) === null) await clock.sleep(50);
    figures.add({ scenario, what: 'both servers ready, one leads', unit: 'ms', samples: [clock.monotonic() - from] });
    await clock.sleep(2_000);
    await member.start();
    stop.abort();
    const times = await changes;
    await cloud.settled();
    figures.add({ scenario, what: 'create meanwhile: its node is told', unit: 'ms', samples: times.told });
    figures.add({ scenario, what: 'changes refused or late, of all', unit: '', samples: [times.failures.length] });
    const facts = await nodes.facts();
    figures.add({ scenario, what: 'taps that do not stand', unit: '', samples: [facts.taps - facts.active], most: 0 });
    const failed = facts.failures - stepsBefore.failures;
    figures.add({ scenario, what: 'taps that could not be wired', unit: '', samples: [failed], most: 0 });
  },
};
