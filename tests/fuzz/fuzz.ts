import type { Clock } from '@taas/service';
import { Random } from '../faults/random.js';
import type { FuzzTarget } from './fuzz-target.js';
import { mutate } from './mutate.js';

/** An input that takes the reader longer is a finding, in milliseconds. */
export const hangMs = 1_000;

/** Growth of the reader's memory over the second half of a run that is a finding, in bytes. */
const growthBytes = 64 * 1024 * 1024;

/** Inputs that the corpus of one run holds at most. */
const maxCorpus = 2_000;

export interface FuzzOptions {
  readonly seed: number;
  readonly clock: Clock;
  /** An input that takes longer is a finding, in milliseconds; {@link hangMs} unless told. */
  readonly limitMs?: number;
  /** How long to go on; the run ends at whichever comes first. */
  readonly milliseconds: number;
  readonly inputs: number;
  readonly signal?: AbortSignal;
  /** Told of every input, before and after. */
  readonly watch?: { begins(input: Uint8Array): void; ends(): void };
}

export interface FuzzFinding {
  readonly why: string;
  readonly input: Uint8Array;
}

export interface FuzzResult {
  readonly target: string;
  readonly inputs: number;
  /** How often each way was taken, the ways being the target's words. */
  readonly ways: ReadonlyMap<string, number>;
  readonly corpus: number;
  readonly slowestMs: number;
  /** Bytes of memory at half of the run, and at its end. */
  readonly memory: readonly [number, number];
  readonly findings: readonly FuzzFinding[];
}

/** Ten findings end a run: more of them say no more. */
const maxFindings = 10;

/** As many as are told apart: a refusal may quote its input, and what is remembered must not look like a leak of the reader. */
const maxWays = 20_000;

/** Runs the corpus as it is, and then mutations of it that the seed decides. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { clock, signal, limitMs = hangMs } = options;
  const random = new Random(options.seed).fork(target.name);
  const open = await target.open();
  try {
    const corpus = [...open.corpus];
    const ways = new Map<string, number>();
    const findings: FuzzFinding[] = [];
    const [began, end] = [clock.monotonic(), clock.monotonic() + options.milliseconds];
    const isHalf = (inputs: number) =>
      inputs * 2 >= options.inputs || clock.monotonic() - began >= options.milliseconds / 2;
    let [inputs, slowestMs, halfMemory] = [0, 0, -1];
    while (findings.length < maxFindings && signal?.aborted !== true) {
      const started = open.corpus[inputs];
      if (started === undefined && (inputs >= options.inputs || clock.monotonic() >= end)) break;
      const input = started ?? mutate(random, { corpus, dictionary: open.dictionary });
      inputs += 1;
      options.watch?.begins(input);
      const from = clock.monotonic();
      const way = await taken(() => open.run(input));
      const took = clock.monotonic() - from;
      options.watch?.ends();
      slowestMs = Math.max(slowestMs, took);
      const count = ways.get(way.name) ?? 0;
      if (count > 0 || ways.size < maxWays) ways.set(way.name, count + 1);
      const isRefused = started !== undefined && open.valid !== undefined && !way.name.endsWith(open.valid);
      if (way.finding !== undefined) findings.push({ why: way.finding, input });
      else if (isRefused) findings.push({ why: `a sample is refused, and its changes with it: ${way.name}`, input });
      // A busy machine is slow once; a reader that hangs does so again.
      else if (took > limitMs && (await isSlow(() => open.run(input), clock, limitMs)))
        findings.push({ why: `takes ${Math.round(took)} ms`, input });
      else if (count === 0 && started === undefined && corpus.length < maxCorpus) corpus.push(input);
      if (halfMemory < 0 && isHalf(inputs)) halfMemory = open.memory();
    }
    const memory = [halfMemory, open.memory()] as const;
    if (halfMemory >= 0 && memory[1] - memory[0] > growthBytes)
      findings.push({ why: `memory grew from ${memory[0]} to ${memory[1]} bytes`, input: new Uint8Array() });
    return { target: target.name, inputs, ways, corpus: corpus.length, slowestMs, memory, findings };
  } finally {
    await open.close();
  }
}

async function taken(run: () => Promise<string> | string): Promise<{ name: string; finding?: string }> {
  try {
    return { name: await run() };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name: 'finding', finding: why };
  }
}

async function isSlow(run: () => Promise<string> | string, clock: Clock, limitMs: number): Promise<boolean> {
  const from = clock.monotonic();
  await taken(run);
  return clock.monotonic() - from > limitMs;
}
