import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '@taas/service';
import { type FuzzResult, fuzz, hangMs } from './fuzz.js';
import type { FuzzTarget } from './fuzz-target.js';
import { allTargets } from './targets/all.js';
import { Watchdog } from './watchdog.js';

export const fuzzHelp = `npm run fuzz -- [--seconds N] [--seed S] [--only TARGET,TARGET] [--out DIRECTORY]

Gives changed inputs to everything that reads what others write, and looks for crashes, for errors that are not the
reader's own, for inputs that take more than ${hangMs} ms, and for memory that grows. A seed decides the inputs. Ends with 1 if
something was found; the inputs are in DIRECTORY then.

  --seconds N   how long each target is run (default 60)
  --seed S      the seed (default 1)
  --only LIST   these targets alone, separated by commas
  --out DIR     where inputs that failed are written (default fuzz-out)
  --help        this text

Targets:
${allTargets.map(({ name, what }) => `  ${name.padEnd(12)} ${what}`).join('\n')}
`;

/** The fuzzer as a program; prints a line a target. @returns the exit code */
export async function fuzzMain(args: readonly string[], print: (line: string) => void): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
      ...{ only: { type: 'string' }, out: { type: 'string', default: 'fuzz-out' } },
      ...{ help: { type: 'boolean', default: false } },
    },
  });
  if (values.help) {
    print(fuzzHelp);
    return 0;
  }
  const targets = values.only === undefined ? allTargets : values.only.split(',').map(named);
  const [seconds, seed] = [wholeNumber('--seconds', values.seconds), wholeNumber('--seed', values.seed)];
  let found = 0;
  for (const target of targets) {
    mkdirSync(values.out, { recursive: true });
    const watch = new Watchdog(10 * hangMs, join(values.out, `${target.name}-hang`));
    const limits = { milliseconds: seconds * 1000, inputs: Number.POSITIVE_INFINITY };
    const result = await fuzz(target, { seed, clock: systemClock, ...limits, watch });
    await watch.close();
    report(result, print);
    for (const [n, { why, input }] of result.findings.entries()) {
      const file = join(values.out, `${target.name}-${seed}-${n}`);
      writeFileSync(file, input);
      print(`  found, ${file}: ${why}`);
    }
    found += result.findings.length;
  }
  print(found === 0 ? 'fuzz: OK' : `fuzz: ${found} found`);
  return found === 0 ? 0 : 1;
}

function report({ target, inputs, ways, corpus, slowestMs, memory }: FuzzResult, print: (line: string) => void): void {
  const [before, after] = memory.map((bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`);
  print(
    `${target.padEnd(12)} ${inputs} inputs, ${ways.size} ways, corpus ${corpus}, slowest ${Math.round(slowestMs)} ms, ` +
      `memory at half ${before}, at the end ${after}`,
  );
}

function named(name: string): FuzzTarget {
  const target = allTargets.find((each) => each.name === name);
  if (target === undefined) throw new RangeError(`--only ${name}: there is no such target`);
  return target;
}

function wholeNumber(option: string, value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`${option} ${value}: it is a whole number`);
  return number;
}
