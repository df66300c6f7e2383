import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServiceSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Answers with one of {@link readyStatus} once the service works; or a Unix socket that takes connections then. */
  readonly readyUrl: string;
  readonly readyStatus: readonly number[];
}

/** A start that takes seconds on an idle machine takes minutes on a busy one; a service that ends is noticed at once. */
const startMs = 240_000;
const stopMs = 15_000;

/** One OpenStack service as a process group of its own, which goes with this process even if that is killed. */
export class ServiceProcess {
  #child: ChildProcess | undefined;
  readonly #onExit = (): void => this.#signal('SIGKILL');

  constructor(private readonly spec: ServiceSpec) {}

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Resolves when the service answers.
   * @throws Error with the end of its log if it ends first, or does not answer in four minutes
   */
  async start(): Promise<void> {
    const { spec } = this;
    if (this.#child) throw new Error(`${spec.name} runs already`);
    const log = openSync(spec.logFile, 'a');
    const command = ['--pdeathsig', 'TERM', spec.command, ...spec.args];
    const child = spawn('setpriv', command, {
      cwd: spec.cwd,
      env: spec.env,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    process.once('exit', this.#onExit);
    const deadline = Date.now() + startMs;
    while (!(await answers(spec.readyUrl, spec.readyStatus))) {
      if (failure) throw new Error(`${spec.name} cannot be started`, { cause: failure });
      if (ended(child)) throw new Error(`${spec.name} ended at its start: ${this.#logEnd()}`);
      if (Date.now() > deadline) throw new Error(`${spec.name} does not answer at ${spec.readyUrl}: ${this.#logEnd()}`);
      await sleep(100);
    }
  }

  /** Ends the whole group; resolves once its leader is gone. Safe to call at any time. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    process.off('exit', this.#onExit);
    if (!ended(child)) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await Promise.race([gone, sleep(stopMs, undefined, { ref: false })]);
    }
    this.#signal('SIGKILL'); // Whatever the leader has left behind.
    this.#child = undefined;
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #logEnd(): string {
    return readFileSync(this.spec.logFile, 'utf8').split('\n').slice(-40).join('\n');
  }
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function answers(url: string, statuses: readonly number[]): Promise<boolean> {
  if (url.startsWith('unix:')) return connects(url.slice('unix:'.length));
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: 'manual' });
    await answer.arrayBuffer();
    return statuses.includes(answer.status);
  } catch {
    return false; // Not yet.
  }
}

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
