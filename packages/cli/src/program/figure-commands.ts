import { type Command, Option } from 'commander';
import { kindOption } from './kind-option.js';
import { seconds } from './option-values.js';
import type { Running } from './running.js';

/** What taps have copied, lost and delivered. */
export function addFigures(program: Command, { context }: Running): void {
  program
    .command('stats')
    .description('show what has been counted of a tap: copied, lost, delivered')
    .argument('<name-or-id>')
    .addOption(kindOption())
    .addOption(new Option('--watch [seconds]', 'look again and again, and show rates').argParser(seconds).preset('5'))
    .addOption(new Option('--count <number>', 'with --watch: look so often').argParser(seconds))
    .action(async (name: string, options, command: Command) => {
      const { stats } = await import('../commands/stats.js');
      await stats(await context(command), name, options);
    });

  program
    .command('report')
    .description('say how complete taps were over a period, as far as that can be told')
    .argument('[name-or-id]', 'one tap; default: all that the caller may see')
    .addOption(kindOption())
    .addOption(new Option('--since <time>', 'when the period begins: 12h, 30d, 4w ago, or a time').default('30d'))
    .option('--baseline <file>', 'an earlier report in JSON: figures are what came since')
    .option('--project <id>', 'taps of this project; for administrators')
    .option('--csv', 'write CSV, with a column for each figure')
    .action(async (name: string | undefined, options, command: Command) => {
      const { report } = await import('../commands/report.js');
      await report(await context(command), name, options);
    });
}

export function addTrace(program: Command, { context }: Running): void {
  program
    .command('trace')
    .description('say where a packet of the source port would go, and what decides')
    .argument('<name-or-id>', 'a tap; of a tap service each of its tap flows')
    .addOption(kindOption())
    .option('--packet <packet>', "such as 'ip 10.0.0.1 > 10.0.0.2 tcp 443'")
    .addOption(new Option('--live [seconds]', 'count meanwhile what passes each stage').argParser(seconds).preset('10'))
    .action(async (name: string, options, command: Command) => {
      const { trace } = await import('../commands/trace.js');
      await trace(await context(command), name, options);
    });
}
