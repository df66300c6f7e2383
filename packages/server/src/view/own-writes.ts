/** The last revision that this replica has written: what a list must at least show. */
export class OwnWrites {
  #revision = 0;

  get revision(): number {
    return this.#revision;
  }

  note(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }
}
