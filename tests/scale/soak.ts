import { summarize } from './figures.js';
import type { ScenarioContext } from './scenario.js';
import { steadyChanges } from './steady-changes.js';

const everyMs = 10_000;

interface Sample {
  readonly memory: readonly number[];
  readonly handles: readonly number[];
  readonly leases: number;
  readonly dbBytes: number;
}

/** Changes at a steady rate for a long time: what is there at the end is what was there at the beginning. */
export async function soak({ cloud, figures, churn }: ScenarioContext, minutes: number): Promise<void> {
  const scenario = 'soak';
  const { clock, watch } = cloud;
  const samples: Sample[] = [];
  const look = async () => {
    const { leases, dbBytes } = await cloud.etcdFacts();
    const memory = cloud.servers.map((server) => cloud.memory(server).nowMegabytes);
    const handles = cloud.servers.map((server) => cloud.handles(server.pid));
    samples.push({ memory, handles, leases, dbBytes });
  };
  // What is compiled, cached and pooled once has been by then.
  await steadyChanges(cloud, churn, AbortSignal.timeout(60_000));
  await cloud.settled();
  const before = watch.counted();
  const stop = AbortSignal.timeout(minutes * 60_000);
  const changing = steadyChanges(cloud, churn, stop);
  while (!stop.aborted) {
    await look();
    await clock.sleep(everyMs, stop).catch(() => undefined);
  }
  const times = await changing;
  await cloud.settled();
  const growth = (of: (sample: Sample) => number) => {
    const part = Math.max(1, Math.floor(samples.length / 4));
    const median = (some: readonly Sample[]) => summarize(some.map(of)).median;
    return median(samples.slice(-part)) / median(samples.slice(0, part));
  };
  const ratio = { scenario, unit: 'x' } as const;
  figures.add({ scenario, what: 'changes', unit: '', samples: [times.changes] });
  figures.add({ scenario, what: 'changes that failed', unit: '', samples: [times.failures.length], most: 0 });
  for (const n of [0, 1]) {
    figures.add({
      ...ratio,
      what: `memory of server ${n}, end / start`,
      samples: [growth(({ memory }) => memory[n] ?? 0)],
      most: 1.25,
    });
    figures.add({
      ...ratio,
      what: `open files of server ${n}, end / start`,
      samples: [growth(({ handles }) => handles[n] ?? 0)],
      most: 1.25,
    });
  }
  figures.add({ ...ratio, what: 'leases, end / start', samples: [growth(({ leases }) => leases)], most: 1.02 });
  const { more } = watch.changesSince(before);
  figures.add({ scenario, what: 'more keys, but for the audit trail', unit: '', samples: [more], most: 0 });
  const db = samples.map(({ dbBytes }) => dbBytes / 1e6);
  figures.add({ scenario, what: "etcd's database", unit: 'MB', samples: db, most: 1_000 });
  figures.add({ scenario, what: 'create: its node is told', unit: 'ms', samples: times.told, wanted: 20 });
}
