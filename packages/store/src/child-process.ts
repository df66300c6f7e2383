import { type ChildProcess as NodeChild, spawn } from 'node:child_process';

/** A program that is started, ended and started again, with its last words kept for error messages. */
export class ChildProcess {
  #child: NodeChild | undefined;
  #exit: Promise<string> = Promise.resolve('not started');
  #output = '';

  constructor(
    private readonly command: string,
    private readonly args: readonly string[],
  ) {}

  get running(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    if (this.#child !== undefined) return;
    // etcd takes ETCD_* variables for options; those of the surroundings are meant for another etcd.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ETCD_')));
    const child = spawn(this.command, this.args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#output = '';
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-4_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    this.#exit = new Promise((resolve) => {
      const ended = (how: string) => {
        process.removeListener('exit', killWithUs);
        if (this.#child === child) this.#child = undefined;
        resolve(how);
      };
      child.once('error', (error) => ended(error.message));
      child.once('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
  }

  /** Resolves, with how, when the program has ended. */
  exited(): Promise<string> {
    return this.#exit;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Sends the signal and waits for the end; does nothing when it does not run. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child === undefined) return;
    this.signal(signal);
    // A stopped (SIGSTOP) process acts on SIGTERM only after it was woken.
    this.signal('SIGCONT');
    await this.#exit;
  }

  /** The end of what it printed. */
  lastWords(): string {
    return this.#output.trim() || 'it printed nothing';
  }
}
