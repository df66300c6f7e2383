/** Lets those who would get in each other's way go one after the other, within this process. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` once all earlier works under the same name have ended, however they ended. */
  run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    const ended: Promise<unknown> = mine.then(
      () => this.#forget(name, ended),
      () => this.#forget(name, ended),
    );
    this.#last.set(name, ended);
    return mine;
  }

  #forget(name: string, ended: Promise<unknown>): void {
    if (this.#last.get(name) === ended) this.#last.delete(name);
  }
}
