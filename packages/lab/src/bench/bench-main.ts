import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram, systemClock, UsageError } from '@taas/service';
import { etcdInstallHint, findEtcd } from '@taas/store/testing';
import { findVpp, type VppBinary } from '../vpp-process.js';
import { benchAgent } from './bench-agent.js';
import { benchCaptures } from './bench-captures.js';
import { benchCollector } from './bench-collector.js';
import { benchCompiler } from './bench-compiler.js';
import type { BenchContext } from './bench-context.js';
import { benchCreate } from './bench-create.js';
import { benchEtcd } from './bench-etcd.js';
import { benchForwarding } from './bench-forwarding.js';
import { benchOpenStack } from './bench-openstack.js';
import { type BenchFlags, type BenchName, type BenchOptions, benchHelp, benchOptions } from './bench-options.js';
import { benchRecovery } from './bench-recovery.js';
import { type BenchResult, type Figure, medianOf, meetsTarget, renderResult } from './bench-result.js';
import { benchStatistics } from './bench-statistics.js';
import { benchVppApi } from './bench-vpp-api.js';
import { benchWatching } from './bench-watching.js';

const benches: Record<BenchName, (context: BenchContext) => Promise<BenchResult>> = {
  'vpp-api': benchVppApi,
  agent: benchAgent,
  create: benchCreate,
  compiler: benchCompiler,
  forwarding: benchForwarding,
  recovery: benchRecovery,
  etcd: benchEtcd,
  collector: benchCollector,
  openstack: benchOpenStack,
  statistics: benchStatistics,
  watching: benchWatching,
  captures: benchCaptures,
};

/** `npm run bench`: see {@link benchHelp}. */
export function benchMain(): Promise<void> {
  const value = { type: 'string' } as const;
  return runProgram({
    name: 'bench',
    version: '0.1.0',
    help: benchHelp,
    flags: { only: value, vpp: value, runs: value, out: value, before: value },
    main: (flags, stop) => bench(flags, stop),
  });
}

interface Tools {
  readonly etcd: string;
  readonly vpp: VppBinary | undefined;
  readonly vppMissing: string;
}

interface Outcome extends BenchResult {
  /** The machine's load average over a minute, before and after: others at work make figures worse. */
  readonly load: readonly [before: number, after: number];
  /** Why it could not run, or not as often as asked. */
  readonly failure?: string;
}

async function bench(flags: BenchFlags, stop: AbortSignal): Promise<number> {
  const options = usage(() => benchOptions(flags));
  const tools = findTools(options);
  const about = { machine: machine(), versions: versions(tools) };
  say(`machine: ${about.machine.cores} cores (${about.machine.cpu}), ${about.machine.memory_gb} GB`);
  say(`switch: ${tools.vpp ? `VPP ${tools.vpp.version}` : `the simulator: ${tools.vppMissing}`}`);
  const outcomes: Outcome[] = [];
  for (const name of options.only) {
    if (stop.aborted) throw stop.reason;
    const outcome = await runBench(name, options, tools, stop);
    outcomes.push(outcome);
    for (const line of renderOutcome(outcome)) say(line);
  }
  mkdirSync(dirname(options.out), { recursive: true });
  const at = new Date(systemClock.now()).toISOString();
  writeFileSync(options.out, `${JSON.stringify({ at, ...about, results: outcomes.map(toJson) }, null, 2)}\n`);
  say(`written to ${options.out}`);
  return outcomes.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

async function runBench(name: BenchName, options: BenchOptions, tools: Tools, stop: AbortSignal): Promise<Outcome> {
  const before = loadavg()[0] ?? 0;
  const results: BenchResult[] = [];
  let failure: string | undefined;
  for (let run = 1; run <= options.runs && failure === undefined; run += 1) {
    if (stop.aborted) throw stop.reason;
    const directory = mkdtempSync(join(tmpdir(), 'taas-bench-'));
    const label = options.runs > 1 ? `[${run}/${options.runs}] ` : '';
    try {
      const progress = (line: string) => process.stderr.write(`${label}${line}\n`);
      const earlier = options.before === null ? {} : { before: options.before };
      results.push(await benches[name]({ ...tools, ...earlier, directory, clock: systemClock, say: progress }));
    } catch (error) {
      failure = error instanceof Error ? reasons(error) : String(error);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  const load = [before, loadavg()[0] ?? 0] as const;
  const result = results.length > 0 ? medianOf(results) : { bench: name, figures: [], notes: [] };
  return { ...result, load, ...(failure === undefined ? {} : { failure }) };
}

function renderOutcome(outcome: Outcome): string[] {
  const runs = outcome.figures[0]?.runs?.length ?? 0;
  const load = outcome.load.map((each) => each.toFixed(1)).join(' to ');
  const lines = renderResult(outcome);
  if (runs > 0) lines.push(`  (median of ${runs} runs; load average ${load})`);
  if (outcome.failure !== undefined) lines.push(`  COULD NOT RUN: ${outcome.failure}`);
  return lines;
}

function toJson(outcome: Outcome) {
  const figure = (each: Figure) => ({ ...each, reached: meetsTarget(each) ?? null });
  return { ...outcome, figures: outcome.figures.map(figure) };
}

/** @throws Error for what was asked for and is not there */
function findTools(options: BenchOptions): Tools {
  const etcd = findEtcd();
  if (etcd === undefined) throw new Error(`there is no etcd on the PATH: ${etcdInstallHint}`);
  if (options.vpp === 'sim') return { etcd, vpp: undefined, vppMissing: 'asked for by --vpp sim' };
  const found = findVpp(process.env);
  if ('path' in found) return { etcd, vpp: found, vppMissing: '' };
  if (options.vpp === 'real') throw new Error(`--vpp real: ${found.missing}`);
  return { etcd, vpp: undefined, vppMissing: found.missing };
}

function machine() {
  const gigabyte = 1_024 ** 3;
  const cpu = cpus()[0]?.model.trim() ?? 'unknown';
  return { cores: availableParallelism(), cpu, memory_gb: Math.round(totalmem() / gigabyte), node: process.version };
}

function versions({ etcd, vpp }: Tools) {
  const { stdout } = spawnSync(etcd, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return { etcd: /Version: (\S+)/.exec(stdout)?.[1] ?? 'unknown', vpp: vpp?.version ?? null };
}

function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function reasons(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${reasons(error.cause)}` : error.message;
}
