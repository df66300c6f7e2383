import { type Command, CommanderError } from 'commander';
import type { Context } from './commands/context.js';
import { CliError, exitCodes } from './exit-codes.js';
import type { Host } from './host/host.js';
import { printableLines } from './output/printable.js';
import { createProgram } from './program.js';
import { version } from './version.js';

/**
 * Runs one command line to its end.
 * @param words behind the program's name
 * @returns the exit code
 */
export async function main(host: Host, words: readonly string[]): Promise<number> {
  const { terminal } = host;
  let context: Context | undefined;
  let code: number = exitCodes.done.code;
  const conceal = (text: string) => context?.session.secrets.conceal(text) ?? text;
  // What is said passes here: no secret in a message, whoever made it.
  const guarded: Host = {
    ...host,
    terminal: { ...terminal, err: (text) => terminal.err(conceal(text)), ask: (question) => terminal.ask(question) },
  };
  const program = createProgram(guarded, {
    version,
    onContext: (made) => {
      context = made;
    },
    onAnswer: (answer) => {
      code = answer;
    },
  });
  for (const command of withInner(program))
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => guarded.terminal.err(printableLines(text)),
    });
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done.code : exitCodes.usage.code;
    if (host.signal.aborted) {
      terminal.err('interrupted\n');
      return exitCodes.interrupted.code;
    }
    const known = error instanceof CliError;
    const text = known ? error.message : error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    guarded.terminal.err(`taas: ${printableLines(text)}\n`);
    return exitCodes[known ? error.outcome : 'failed'].code;
  }
}

/** A command and all commands of its own. */
function withInner(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withInner)];
}
