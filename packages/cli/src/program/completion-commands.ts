import type { Command } from 'commander';
import type { Host } from '../host/host.js';
import { oneOf } from './option-values.js';

/** What makes a shell complete the command, and what it then asks. */
export function addCompletion(program: Command, host: Host): void {
  program
    .command('completion')
    .description('write what makes a shell complete the command; its first lines say how it is installed')
    .argument('<shell>', 'bash, zsh or fish', oneOf(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('../completion/scripts.js');
      host.terminal.out(completionScript(shell));
    });
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(async (words: string[]) => {
      const { candidates } = await import('../completion/candidates.js');
      host.terminal.out(
        candidates(program, words)
          .map((each) => `${each}\n`)
          .join(''),
      );
    });
}
