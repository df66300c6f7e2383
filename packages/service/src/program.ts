import { parseArgs } from 'node:util';
import { ConfigError } from './config-file.js';

/** Wrong use of the command line: shown with a pointer to --help, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface ProgramOptions {
  readonly name: string;
  readonly version: string;
  readonly help: string;
  /** Flags besides --help and --version. */
  readonly flags: Readonly<
    Record<string, { readonly type: 'string' | 'boolean'; readonly default?: string | boolean }>
  >;
  /**
   * The program itself. Resolves with its exit code.
   * @param stop aborts at the first SIGTERM or SIGINT: finish what is in progress and return
   * @param reloads tells of each SIGHUP
   */
  readonly main: (
    flags: Readonly<Record<string, string | boolean | undefined>>,
    stop: AbortSignal,
    reloads: ReloadRequests,
  ) => Promise<number>;
}

/** Wishes to look at the files of the configuration at once: SIGHUP. */
export interface ReloadRequests {
  /** Calls the listener at each wish from now on, and for those that came before anybody listened. */
  listen(listener: () => void): void;
}

class SignalledReloads implements ReloadRequests {
  #listener: (() => void) | undefined;
  #missed = false;

  readonly onSignal = (): void => {
    if (this.#listener) this.#listener();
    else this.#missed = true;
  };

  listen(listener: () => void): void {
    this.#listener = listener;
    if (this.#missed) listener();
    this.#missed = false;
  }
}

/**
 * Runs a program to its end and sets the process's exit code: 0 or what `main` says, 1 for a failure, 2 for a wrong
 * command line or configuration. A second SIGTERM or SIGINT ends the process at once; SIGHUP never ends it.
 */
export async function runProgram(
  program: ProgramOptions,
  argv: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort(new Error(`stopped by ${signal}`));
  };
  const reloads = new SignalledReloads();
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', reloads.onSignal);
  try {
    process.exitCode = await start(program, argv, stop.signal, reloads);
  } catch (error) {
    const usage = error instanceof UsageError || error instanceof ConfigError;
    const hint = error instanceof UsageError ? ` (see ${program.name} --help)` : '';
    process.stderr.write(`${program.name}: ${errorChain(error)}${hint}\n`);
    process.exitCode = usage ? 2 : 1;
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
    process.off('SIGHUP', reloads.onSignal);
  }
}

async function start(
  program: ProgramOptions,
  argv: readonly string[],
  stop: AbortSignal,
  reloads: ReloadRequests,
): Promise<number> {
  const flags = parseFlags(program, argv);
  if (flags['help']) {
    process.stdout.write(`${program.help.trim()}\n`);
    return 0;
  }
  if (flags['version']) {
    process.stdout.write(`${program.name} ${program.version}\n`);
    return 0;
  }
  return program.main(flags, stop, reloads);
}

function parseFlags(program: ProgramOptions, argv: readonly string[]): Record<string, string | boolean | undefined> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { ...program.flags, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
      strict: true,
      allowPositionals: false,
    });
    return values as Record<string, string | boolean | undefined>;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** An error and its causes on one line, outermost first; a cause that the error quotes already is not repeated. */
export function errorChain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const message = firstLine(error.message);
  const more = cause instanceof Error && !message.includes(firstLine(cause.message)) ? `: ${errorChain(cause)}` : '';
  return `${message}${more}`;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/:$/, '');
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
