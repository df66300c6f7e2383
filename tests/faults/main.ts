import { parseArgs } from 'node:util';
import { findVpp } from '@taas/lab';
import { catalogue } from './catalogue/catalogue.js';
import type { Fault } from './catalogue/fault.js';
import { FaultCloud } from './cloud/fault-cloud.js';
import { allPairs } from './plan.js';
import { runSeed, type SeedResult } from './run-seed.js';

export const faultsHelp = `npm run faults -- [--runs N] [--seed S] [--vpp sim|real] [--pairs] [--only FAULT,FAULT]

Runs the system under traffic and API load, makes faults, heals them, and checks the guarantees of tests/faults/README.md.
A seed decides the mesh, the users and the faults of a run; how they interleave is the machine's. Ends with 1 if a
guarantee was broken.

  --runs N       how many seeds, from S on (default 10; with --pairs every pair once)
  --seed S       the first seed (default 1)
  --vpp KIND     sim: the simulator (default); real: the vpp of VPP_PREFIX or of the PATH
  --pairs        every fault with every other and with itself, instead of one to three at random; a seed has its pair
  --only LIST    these faults alone, separated by commas; with --runs, the seed picks from them
  --verbose      what happened in each run; otherwise only in those that broke a guarantee
  --help         this text

Faults:
${catalogue.map(({ name, what }) => `  ${name.padEnd(20)} ${what}`).join('\n')}
`;

interface Job {
  readonly seed: number;
  readonly exactly: readonly Fault[] | undefined;
}

/** The harness as a program; prints every seed. @returns the exit code */
export async function faultsMain(args: readonly string[], print: (line: string) => void): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ runs: { type: 'string' }, seed: { type: 'string', default: '1' }, vpp: { type: 'string', default: 'sim' } },
      ...{ pairs: { type: 'boolean', default: false }, only: { type: 'string' } },
      ...{ verbose: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    },
  });
  if (values.help) {
    print(faultsHelp);
    return 0;
  }
  const faults = values.only === undefined ? catalogue : values.only.split(',').map(named);
  const first = wholeNumber('--seed', values.seed);
  if (values.vpp !== 'sim' && values.vpp !== 'real') throw new RangeError(`--vpp ${values.vpp}: it is sim or real`);
  const pairs = values.pairs ? allPairs(faults) : undefined;
  const runs = values.runs === undefined ? (pairs?.length ?? 10) : wholeNumber('--runs', values.runs);
  const jobs = Array.from({ length: runs }, (_, n): Job => {
    const seed = first + n;
    return { seed, exactly: pairs?.[seed % pairs.length] };
  });
  return runAll(jobs, { faults, vpp: values.vpp, verbose: values.verbose, print });
}

export interface RunAllOptions {
  readonly faults: readonly Fault[];
  readonly vpp: 'sim' | 'real';
  readonly verbose: boolean;
  readonly print: (line: string) => void;
}

/** Runs one seed after the other, in clouds that are used again for as long as nothing breaks. */
async function runAll(jobs: readonly Job[], options: RunAllOptions): Promise<number> {
  const { print } = options;
  const results: SeedResult[] = [];
  const unavailable = new Set<string>();
  const clouds = new Clouds(options.vpp);
  try {
    for (const { seed, exactly } of jobs) {
      const cloud = await clouds.for(seed);
      const usable = options.faults.filter((fault) => {
        const why = fault.available(cloud);
        if (why !== null && !unavailable.has(fault.name)) print(`not available: ${fault.name}: ${why}`);
        if (why !== null) unavailable.add(fault.name);
        return why === null;
      });
      if (exactly?.some((fault) => !usable.includes(fault))) continue;
      const result = await runSeed(cloud, seed, usable, exactly);
      results.push(result);
      print(lineOf(result, cloud));
      const isBroken = result.broken.length > 0;
      if (isBroken || options.verbose) for (const line of result.log) print(`    ${line}`);
      for (const { guarantee, how } of result.broken) print(`  BROKEN ${guarantee}: ${how}`);
      if (isBroken) print(`  logs are kept in ${await clouds.discard(seed)}`);
    }
  } finally {
    await clouds.stop();
  }
  const broken = results.filter((result) => result.broken.length > 0);
  const sum = (of: (result: SeedResult) => number) => results.reduce((total, result) => total + of(result), 0);
  print(
    `${results.length} runs, ${broken.length} with a broken guarantee${broken.length > 0 ? `: seeds ${broken.map(({ seed }) => seed).join(', ')}` : ''}; ` +
      `${sum(({ frames }) => frames)} frames, ${sum(({ copies }) => copies)} received, ${sum(({ requests }) => requests)} taps asked for`,
  );
  return broken.length === 0 && results.length > 0 ? 0 : 1;
}

function lineOf(result: SeedResult, { options, kind }: FaultCloud): string {
  const { seed, faults, broken, tookMs, settledMs, frames, copies } = result;
  const verdict = broken.length === 0 ? 'ok' : 'BROKEN';
  return (
    `seed ${seed} ${verdict} ${kind} ${options.transport} [${faults.join(' + ')}] ${(tookMs / 1000).toFixed(1)} s, ` +
    `at rest ${(settledMs / 1000).toFixed(1)} s after healing, ${frames} frames sent, ${copies} received`
  );
}

/** The audit trail stays, some 50 kB of each run, and etcd is small here: after so many runs a cloud is given up for a new one. */
const mostRuns = 40;

/** One cloud for each way of copies between nodes: VLAN for odd seeds, VXLAN for even ones. */
class Clouds {
  readonly #clouds = new Map<'vlan' | 'vxlan', FaultCloud>();
  readonly #runs = new Map<FaultCloud, number>();

  constructor(private readonly vpp: 'sim' | 'real') {}

  async for(seed: number): Promise<FaultCloud> {
    const transport = transportOf(seed);
    const known = this.#clouds.get(transport);
    const runs = known ? (this.#runs.get(known) ?? 0) : 0;
    if (known && runs < mostRuns) {
      this.#runs.set(known, runs + 1);
      return known;
    }
    await known?.stop();
    const made = await startCloud(this.vpp, transport);
    this.#clouds.set(transport, made);
    this.#runs.set(made, 1);
    return made;
  }

  /** A cloud in which something broke is not used again. @returns where its logs are kept */
  async discard(seed: number): Promise<string> {
    const cloud = this.#clouds.get(transportOf(seed));
    this.#clouds.delete(transportOf(seed));
    await cloud?.stop({ keepFiles: true });
    return cloud?.directory ?? '';
  }

  async stop(): Promise<void> {
    for (const cloud of this.#clouds.values()) await cloud.stop();
    this.#clouds.clear();
  }
}

export function transportOf(seed: number): 'vlan' | 'vxlan' {
  return seed % 2 === 0 ? 'vxlan' : 'vlan';
}

export async function startCloud(vpp: 'sim' | 'real', transport: 'vlan' | 'vxlan'): Promise<FaultCloud> {
  if (vpp === 'sim') return FaultCloud.start({ nodes: 3, transport, vpp: undefined });
  const found = findVpp(process.env);
  if (!('path' in found)) throw new Error(found.missing);
  return FaultCloud.start({ nodes: 2, transport, vpp: found });
}

function named(name: string): Fault {
  const fault = catalogue.find((each) => each.name === name.trim());
  if (fault === undefined)
    throw new RangeError(`--only ${name}: it is one of ${catalogue.map((each) => each.name).join(', ')}`);
  return fault;
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${option} ${text}: it is a whole number`);
  return Number(text);
}
