import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@taas/service';
import { Figures, heading } from './figures.js';
import { type ScaleOptions, scaleOptions } from './options.js';
import { ScaleCloud } from './scale-cloud.js';
import { scenarios } from './scenarios/index.js';
import { soak } from './soak.js';

export const scaleHelp = `npm run scale -- [--nodes N] [--flows N] [--churn N] [--seconds N] [--only NAME,NAME] [--members N]

A cloud of so many nodes on this machine, and what it costs: a private etcd, two taas-server processes, and the nodes in a few processes
(the agent's own follower, planner and state writer, each with its own connection and lease; a data plane in memory that does what it
is told). Prints a table, and writes it as JSON. Ends with 1 if a count, a size or a ratio is above its bound; times are shown beside
what is wanted, and do not fail the run.

  --nodes N       compute nodes (default 20)
  --flows N       tap flows of each node (default 20)
  --churn N       changes a second (default 20)
  --seconds N     how long a scenario goes on that could go on for ever (default 20)
  --soak N        minutes of changes after the scenarios, in which nothing may grow (default 0: none)
  --only NAMES    these scenarios alone; ${scenarios[0]?.name} is always run first
  --members N     members of etcd (default 1; etcd-leader needs 3)
  --processes N   processes that play the nodes (default 4)
  --lease N       seconds after which a silent agent is gone (default 10)
  --election N    seconds after which a silent leader is gone (default 2)
  --profile DIR   writes a CPU profile of each server there, when it ends
  --out FILE      where the JSON goes (default bench-out/scale.json)
  --help          this text

Scenarios, in this order on one cloud:
${scenarios.map(({ name, what }) => `  ${name.padEnd(15)} ${what}`).join('\n')}
`;

/** The harness as a program. @returns the exit code: 1 if a bound is broken */
export async function scaleMain(args: readonly string[], print: (line: string) => void): Promise<number> {
  const options = scaleOptions(args, scenarios);
  if (options.help) {
    print(scaleHelp);
    return 0;
  }
  const figures = new Figures(print);
  const load = [loadavg()[0] ?? 0];
  const at = new Date(systemClock.now()).toISOString();
  await measure(options, figures, print);
  load.push(loadavg()[0] ?? 0);
  const machine = { cpu: cpus()[0]?.model.trim(), cores: cpus().length, node: process.version };
  const { help, ...size } = options;
  mkdirSync(dirname(options.out), { recursive: true });
  const text = JSON.stringify({ at, machine, load, size, figures: figures.toJson() }, null, 2);
  writeFileSync(options.out, `${text}\n`);
  print(
    `${machine.cores} cores, ${machine.cpu}, Node.js ${machine.node}; load ${load.map((l) => l.toFixed(1)).join(' to ')}`,
  );
  for (const { scenario, what } of figures.broken) print(`BROKEN: ${scenario}: ${what}`);
  return figures.broken.length === 0 ? 0 : 1;
}

async function measure(options: ScaleOptions, figures: Figures, print: (line: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'taas-scale-'));
  const cloud = await ScaleCloud.prepare({ ...options, directory, clock: systemClock, say: print });
  try {
    print(heading());
    for (const [n, scenario] of scenarios.entries()) {
      if (n > 0 && options.only?.includes(scenario.name) === false) continue;
      const unfit = scenario.unfit?.(cloud) ?? null;
      if (unfit !== null) {
        print(`${scenario.name}: not run, ${unfit}`);
        continue;
      }
      await scenario.run({ cloud, figures, ...options });
    }
    if (options.soakMinutes > 0) await soak({ cloud, figures, ...options }, options.soakMinutes);
  } finally {
    await cloud.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
