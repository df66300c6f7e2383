import type { Command } from 'commander';
import type { Context } from '../commands/context.js';

/** How a command is run. */
export interface Running {
  readonly context: (command: Command) => Promise<Context>;
  /** Told the exit code of a command that has an answer of its own, such as `doctor`. */
  readonly onAnswer: (code: number) => void;
}
