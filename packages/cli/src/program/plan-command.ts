import { type Command, Option } from 'commander';
import { kindOption } from './kind-option.js';
import { newFlow, newMirror, newService } from './new-tap.js';
import type { Running } from './running.js';

export function addPlan(program: Command, { context, onAnswer }: Running): void {
  const plan = program.command('plan').description('say what a change would do, and change nothing');
  const planned = plan.command('create').description('say what creating a tap would do');
  const noRate = () => new Option('--no-rate', 'do not look how much the source sends now');
  newService(planned, 'plan to create').action(async (options, command: Command) => {
    const { planService } = await import('../commands/plan.js');
    onAnswer(await planService(await context(command), options));
  });
  newFlow(planned, 'plan to create')
    .addOption(noRate())
    .action(async (options, command: Command) => {
      const { planFlow } = await import('../commands/plan.js');
      onAnswer(await planFlow(await context(command), options));
    });
  newMirror(planned, 'plan to create')
    .addOption(noRate())
    .action(async (options, command: Command) => {
      const { planMirror } = await import('../commands/plan.js');
      onAnswer(await planMirror(await context(command), options));
    });
  plan
    .command('delete')
    .description('say what deleting taps would do; a tap service takes its tap flows along')
    .argument('<name-or-id...>')
    .addOption(kindOption())
    .action(async (names: string[], options, command: Command) => {
      const { planDelete } = await import('../commands/plan.js');
      onAnswer(await planDelete(await context(command), names, options));
    });
}
