import type { ProgramProcess } from '../program-process.js';
import type { Unit } from './unit.js';

interface Part {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A server or an agent that runs in this process. Not started yet. */
export class ObjectUnit implements Unit {
  readonly pid = undefined;
  #current: Part | undefined;

  /** @param make another one with the same configuration, each time that it is started */
  constructor(
    readonly name: string,
    readonly url: string,
    readonly health: string,
    private readonly make: () => Part,
  ) {}

  get process(): ProgramProcess {
    throw new Error(`${this.name} has no process of its own: choose process 'programs' for this cloud`);
  }

  async start(): Promise<void> {
    const part = this.make();
    this.#current = part;
    await part.start();
  }

  async stop(): Promise<void> {
    const part = this.#current;
    this.#current = undefined;
    await part?.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}
