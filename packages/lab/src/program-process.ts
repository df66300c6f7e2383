import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@taas/service';

const packages = { 'taas-server': 'server', 'taas-migrate': 'server', 'taas-agent': 'agent' } as const;
export type ProgramName = keyof typeof packages;

export interface ProgramSpec {
  /** Names the program's files in `directory`. */
  readonly name: string;
  readonly program: 'taas-server' | 'taas-agent';
  readonly directory: string;
  /** Written as JSON, which is YAML too. */
  readonly config: object;
  /** Port of /readyz on loopback. */
  readonly healthPort: number;
  /** Besides the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of another checkout, built, whose program it is, asked at each start. Default: this one. */
  readonly root?: () => string | undefined;
  /** Started in place of a checkout's program: its bundle, as packages have it. */
  readonly bundle?: string;
}

/** One of the real programs, run as an operator would run it: a configuration file, a process, a log. */
export class ProgramProcess {
  #process: ChildProcess | undefined;

  constructor(
    private readonly spec: ProgramSpec,
    private readonly clock: Clock,
  ) {}

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts the program and resolves when it is ready.
   * @param ready false: resolves when it answers /healthz, for a program that cannot become ready now
   * @throws Error with the end of its log when it ends before, or is not ready within 20 seconds
   */
  async start(ready = true): Promise<void> {
    const { name, program, config, healthPort, env, root, bundle } = this.spec;
    writeFileSync(this.configFile, `${JSON.stringify(config, null, 2)}\n`);
    const log = openSync(this.logFile, 'a');
    const script = bundle ?? programScript(program, root?.());
    const flags = root?.() === undefined ? nodeFlags()[program] : [];
    const child = spawn(process.execPath, [...flags, script, '--config', this.configFile], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.#process = child;
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    child.once('exit', () => process.removeListener('exit', killWithUs));
    const url = `http://127.0.0.1:${healthPort}/${ready ? 'readyz' : 'healthz'}`;
    const deadline = this.clock.monotonic() + 20_000;
    while (!(await answersOk(url))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${name} ended at its start (exit ${child.exitCode ?? child.signalCode}): ${this.logEnd()}`);
      if (this.clock.monotonic() > deadline) throw new Error(`${name} is not ready after 20 s: ${this.logEnd()}`);
      await this.clock.sleep(20);
    }
  }

  /** Ends the process and resolves with how it ended, once it is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null)
      await new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.kill(signal);
        // One that is frozen does not hear of a SIGTERM before it is thawed.
        child.kill('SIGCONT');
      });
    return child.exitCode ?? child.signalCode;
  }

  /** Freezes it as it stands: its connections stay, and nobody answers. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Whether /readyz says that it does its work. */
  ready(): Promise<boolean> {
    return answersOk(`http://127.0.0.1:${this.spec.healthPort}/readyz`);
  }

  /** How it ended, if it ended by itself since its last start. */
  get ended(): number | NodeJS.Signals | null {
    return this.#process?.exitCode ?? this.#process?.signalCode ?? null;
  }

  get configFile(): string {
    return join(this.spec.directory, `${this.spec.name}.yaml`);
  }

  get logFile(): string {
    return join(this.spec.directory, `${this.spec.name}.log`);
  }

  /** The end of its log. */
  logEnd(): string {
    return readFileSync(this.logFile, 'utf8').split('\n').slice(-12).join('\n');
  }
}

/** The file that runs a program of ours. */
export function programScript(program: ProgramName, root?: string): string {
  if (root !== undefined) return join(root, 'packages', packages[program], 'bin', `${program}.js`);
  return fileURLToPath(new URL(`../../${packages[program]}/bin/${program}.js`, import.meta.url));
}

/** The same as packages have it; `npm run bench` makes it. */
export function packagedProgram(program: ProgramName): string {
  return fileURLToPath(new URL(`../../${packages[program]}/dist/${program}.mjs`, import.meta.url));
}

/** With which Node.js runs them where packages start them. */
function nodeFlags(): Readonly<Record<ProgramSpec['program'], readonly string[]>> {
  return JSON.parse(readFileSync(new URL('../../../deploy/node-flags.json', import.meta.url), 'utf8'));
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
