import { type Command, Option } from 'commander';
import type { Kind } from '../api/kinds.js';
import { kindOption } from './kind-option.js';
import { newFlow, newMirror, newService } from './new-tap.js';
import { oneOf, seconds } from './option-values.js';
import type { Running } from './running.js';

const waitOption = () =>
  new Option('--wait [seconds]', 'return when the data plane has it, and say how long it took')
    .argParser(seconds)
    .preset('60');
const plural = { services: 'service', flows: 'flow', mirrors: 'mirror' } as const satisfies Record<string, Kind>;

/** Making, showing and taking away taps; and who agrees to them. */
export function addTapCommands(program: Command, { context }: Running): void {
  program
    .command('list')
    .description('list taps')
    .argument('[kind]', 'services, flows or mirrors; default: all', oneOf(Object.keys(plural)))
    .option('--name <name>', 'those with exactly this name')
    .option('--status <status>', 'those with this status')
    .option('--project <id>', 'those of this project; for administrators')
    .action(async (kind: keyof typeof plural | undefined, options, command: Command) => {
      const { list } = await import('../commands/list.js');
      await list(await context(command), kind && plural[kind], options);
    });

  program
    .command('show')
    .description('show everything about a tap')
    .argument('<name-or-id>')
    .addOption(kindOption())
    .action(async (name: string, options, command: Command) => {
      const { show } = await import('../commands/show.js');
      await show(await context(command), name, options);
    });

  const create = program.command('create').description('create a tap service, tap flow or tap mirror');
  newService(create, 'create')
    .addOption(waitOption())
    .action(async (options, command: Command) => {
      const { createService } = await import('../commands/create.js');
      await createService(await context(command), options);
    });
  newFlow(create, 'create')
    .addOption(waitOption())
    .action(async (options, command: Command) => {
      const { createFlow } = await import('../commands/create.js');
      await createFlow(await context(command), options);
    });
  newMirror(create, 'create')
    .addOption(waitOption())
    .action(async (options, command: Command) => {
      const { createMirror } = await import('../commands/create.js');
      await createMirror(await context(command), options);
    });

  program
    .command('delete')
    .description('delete taps; a tap service takes its tap flows along')
    .argument('<name-or-id...>')
    .addOption(kindOption())
    .option('-y, --yes', 'do not ask')
    .addOption(waitOption())
    .action(async (names: string[], options, command: Command) => {
      const { remove } = await import('../commands/delete.js');
      await remove(await context(command), names, options);
    });

  program
    .command('renew')
    .description('let taps end at another time')
    .argument('<name-or-id...>')
    .requiredOption('--expires <end>', '90m, 2h, 30d, a time such as 2026-12-01T08:00:00Z, or never')
    .option('--reason <text>', 'why they are there')
    .addOption(kindOption())
    .action(async (names: string[], options, command: Command) => {
      const { renew } = await import('../commands/consent.js');
      await renew(await context(command), names, options);
    });

  program
    .command('approve')
    .description('agree to a tap flow or tap mirror that somebody else has asked for')
    .argument('<name-or-id>')
    .option('--capture', 'to a capture, by its id')
    .option('--consent-to <code>', 'if it is still what had this consent_to; default: show it, and ask')
    .addOption(kindOption())
    .action(async (name: string, options, command: Command) => {
      const { approve } = await import('../commands/consent.js');
      await approve(await context(command), name, options);
    });

  program
    .command('tapped')
    .description("list who copies the project's ports, why and until when")
    .argument('[port]', 'name or id of one of them; default: all')
    .action(async (port: string | undefined, _options, command: Command) => {
      const { tapped } = await import('../commands/consent.js');
      await tapped(await context(command), port);
    });
}
