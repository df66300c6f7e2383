import { mkdirSync } from 'node:fs';
import type { Clock } from '@taas/service';
import { ProgramProcess, type ProgramSpec } from '../program-process.js';
import type { Unit } from './unit.js';

const signals = { stop: 'SIGTERM', kill: 'SIGKILL' } as const;

/** A server or an agent as an operator runs it. Not started yet. */
export class ProgramUnit implements Unit {
  readonly process: ProgramProcess;
  readonly url: string;
  readonly health: string;

  /** @param port of the API on loopback; an agent has none */
  constructor(
    private readonly spec: ProgramSpec,
    clock: Clock,
    port: number = spec.healthPort,
  ) {
    mkdirSync(spec.directory, { recursive: true });
    this.process = new ProgramProcess(spec, clock);
    this.url = `http://127.0.0.1:${port}`;
    this.health = `http://127.0.0.1:${spec.healthPort}`;
  }

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  start(ready = true): Promise<void> {
    return this.process.start(ready);
  }

  async stop(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    await this.process.stop(signals[how]);
  }

  async restart(how: 'stop' | 'kill'): Promise<void> {
    await this.stop(how);
    await this.start();
  }
}
