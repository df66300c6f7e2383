import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ini, iniText } from '../../openstack/lab/ini.js';
import { cleanEnvironment } from '../../openstack/lab/run-tool.js';
import { runAgent } from '../checkout/networking-vpp.js';
import type { NeighbourEtcd } from './neighbour-etcd.js';

export interface NeighbourAgentPlace {
  /** Its `host`, the node's name in etcd. */
  readonly node: string;
  readonly directory: string;
  readonly apiSocket: string;
  readonly apiFiles: string;
  readonly pythonPath: readonly string[];
  readonly etcd: NeighbourEtcd;
  /** Of `[ml2_vpp]`, `[ml2]` and others. */
  readonly options: Ini;
}

/** On a busy machine Python alone takes some of it. */
const startMs = 90_000;

/** networking-vpp's own agent on a node, a process that is stopped, killed and started by a test. */
export class NeighbourAgent {
  #child: ChildProcess | undefined;
  readonly #killWithUs = () => this.#child?.kill('SIGKILL');

  constructor(readonly place: NeighbourAgentPlace) {
    mkdirSync(place.directory, { recursive: true });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How it ended, if it did so by itself. */
  get ended(): number | NodeJS.Signals | null {
    return this.#child?.exitCode ?? this.#child?.signalCode ?? null;
  }

  /**
   * Resolves when it has told etcd anew which physnets it has, which it does before it watches ports.
   * @param more options, by section, for this start alone
   */
  async start(more: Ini = {}): Promise<void> {
    const { node, etcd, directory, apiSocket, apiFiles, pythonPath, options } = this.place;
    const before = await etcd.createdIndex(`/networking-vpp/state/${node}/physnets/physnet1`);
    const config = join(directory, 'networking-vpp.ini');
    const sections = Object.entries(options).map(([name, section]) => [name, { ...section, ...more[name] }]);
    writeFileSync(config, iniText(Object.fromEntries(sections)));
    const log = openSync(this.logFile, 'a');
    const python = ['/usr/bin/python3', runAgent, apiSocket, apiFiles, '--config-file', config];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...python], {
      cwd: directory,
      env: { ...cleanEnvironment(), PYTHONPATH: pythonPath.join(':') },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    process.once('exit', this.#killWithUs);
    const deadline = Date.now() + startMs;
    for (;;) {
      const index = await etcd.createdIndex(`/networking-vpp/state/${node}/physnets/physnet1`);
      if (index !== undefined && index !== before) return;
      if (this.ended !== null)
        throw new Error(`networking-vpp's agent of ${node} ended at its start (${this.ended}): ${this.#logEnd()}`);
      if (Date.now() > deadline) throw new Error(`networking-vpp's agent of ${node} says nothing: ${this.#logEnd()}`);
      await sleep(50);
    }
  }

  /** Resolves when the process is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.off('exit', this.#killWithUs);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }

  /** Freezes it as it stands: its connections stay, and nobody answers. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** All that it has said. */
  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  get logFile(): string {
    return join(this.place.directory, 'networking-vpp-agent.log');
  }

  #logEnd(): string {
    return this.log().split('\n').slice(-30).join('\n');
  }
}
