import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from './run-tool.js';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
}

const script = fileURLToPath(new URL('./openstack-commands.py', import.meta.url));

/** The `openstack` command, in a process that stays from the first command on, one command at a time. */
export class OpenStackCli {
  #process: CommandProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** One command as one user. Any exit code is a result. */
  run(environment: NodeJS.ProcessEnv, ...argv: string[]): Promise<CommandResult> {
    const answer = this.#last.then(() => {
      this.#process ??= new CommandProcess();
      return this.#process.run(environment, argv);
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /**
   * As {@link run}, for a command that must succeed and prints JSON (`-f json` is added).
   * @throws CommandFailedError with what it printed
   */
  async json<T>(environment: NodeJS.ProcessEnv, ...argv: string[]): Promise<T> {
    const { stdout } = await this.must(environment, ...argv, '-f', 'json');
    // An empty list is printed as an empty line.
    return JSON.parse(stdout.trim() === '' ? '[]' : stdout) as T;
  }

  /** As {@link run}. @throws CommandFailedError unless the exit code is 0 */
  async must(environment: NodeJS.ProcessEnv, ...argv: string[]): Promise<CommandResult> {
    const result = await this.run(environment, ...argv);
    if (result.code === 0) return result;
    throw new CommandFailedError(`openstack ${argv.join(' ')}: exit ${result.code}: ${result.stdout}${result.stderr}`);
  }

  stop(): void {
    this.#process?.stop();
  }
}

class CommandProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #failure: Error | undefined;

  constructor() {
    this.#child = spawn('/usr/bin/python3', [script], { env: cleanEnvironment() });
    this.#child.once('error', (error) => {
      this.#failure = error;
    });
    this.#child.stderr.resume();
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async run(environment: NodeJS.ProcessEnv, argv: readonly string[]): Promise<CommandResult> {
    this.#child.stdin.write(`${JSON.stringify({ argv, env: environment })}\n`);
    const { value, done } = await this.#answers.next();
    if (!done) return JSON.parse(value) as CommandResult;
    throw new Error(`the client ended during: openstack ${argv.join(' ')}`, { cause: this.#failure });
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** One command in a process of its own, as a person at a terminal runs it. */
export function openstackOnce(environment: NodeJS.ProcessEnv, ...argv: string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { env: { ...cleanEnvironment(), ...environment }, timeout: 180_000 };
    execFile('/usr/bin/openstack', argv, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
    });
  });
}
