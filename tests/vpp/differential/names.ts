import type { LabPort } from '@taas/lab';
import type { Ref } from './step.js';

/** A step that names what never was, or makes what is there: in a random sequence that happens, and it is left out. */
export class ImpossibleStep extends Error {
  override readonly name = 'ImpossibleStep';
}

/** What the names of a trial stand for: indices, and for ports the switch's own handle. */
export class Names {
  readonly #indices = new Map<string, number>();
  readonly #ports = new Map<string, LabPort>();

  give(name: string, index: number): void {
    this.#indices.set(name, index);
  }

  /** @throws ImpossibleStep when there is such a port */
  checkFree(name: string): void {
    if (this.#ports.has(name)) throw new ImpossibleStep(`there is a port ${name}`);
  }

  givePort(name: string, port: LabPort): void {
    this.#ports.set(name, port);
    this.give(name, port.swIfIndex);
  }

  /** Forgets the port, not its index: what still names it now names whoever gets the index. */
  takePort(name: string): LabPort {
    const port = this.port(name);
    this.#ports.delete(name);
    return port;
  }

  /** @throws ImpossibleStep */
  port(name: string): LabPort {
    const port = this.#ports.get(name);
    if (port === undefined) throw new ImpossibleStep(`there is no port ${name}`);
    return port;
  }

  get ports(): Iterable<readonly [string, LabPort]> {
    return this.#ports;
  }

  /** @throws ImpossibleStep */
  index(name: string): number {
    const index = this.#indices.get(name);
    if (index === undefined) throw new ImpossibleStep(`nothing is called ${name}`);
    return index;
  }

  /** The fields of a request with indices in place of names. @throws ImpossibleStep */
  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((element) => this.resolve(element));
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (isRef(value)) return this.index(value.of);
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, this.resolve(field)]));
  }
}

export function isRef(value: object): value is Ref {
  return 'of' in value && typeof value.of === 'string';
}
