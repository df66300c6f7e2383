import { tooManyCaptures } from '../errors/neutron-error.js';

/** Captures at a time. */
export interface CapturePlaceLimits {
  /** Of the whole server, and of one project. */
  readonly captures: number;
  readonly ofProject: number;
}

/** How many captures there may be: those that run, whose file is still read, and that are being made. */
export class CapturePlaces {
  /** That are being made, by project. */
  readonly #starting = new Map<string, number>();

  constructor(private readonly limits: CapturePlaceLimits) {}

  /**
   * Takes a place for a capture that is to be made.
   * @param held the projects of all that run, or are read yet
   * @returns what gives the place back when it runs, or could not be made
   * @throws NeutronError 409
   */
  take(project: string, held: readonly string[]): () => void {
    const { captures, ofProject } = this.limits;
    const starting = this.#starting.get(project) ?? 0;
    const all = held.length + [...this.#starting.values()].reduce((sum, each) => sum + each, 0);
    if (held.filter((each) => each === project).length + starting >= ofProject)
      throw tooManyCaptures('The project', ofProject);
    if (all >= captures) throw tooManyCaptures('The server', captures);
    this.#starting.set(project, starting + 1);
    return () => {
      const left = (this.#starting.get(project) ?? 1) - 1;
      if (left > 0) this.#starting.set(project, left);
      else this.#starting.delete(project);
    };
  }
}
