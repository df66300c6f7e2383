/** As many parties are remembered; of more it may be said again. */
const mostSaid = 1_000;

/** Tells what is new of each party, so that what fails again and again for the same reason is logged once. */
export class News {
  readonly #said = new Map<string, string>();

  /** The troubles that are not over, by party: as many as are remembered. */
  get troubles(): ReadonlyMap<string, string> {
    return this.#said;
  }

  /** Its trouble is over: the next is news, even if it is the same. */
  forget(party: string): void {
    this.#said.delete(party);
  }

  /** Whether this is another thing than was said of the party last. */
  isNew(party: string, what: string): boolean {
    if (this.#said.get(party) === what) return false;
    if (this.#said.size >= mostSaid) this.#said.clear();
    this.#said.set(party, what);
    return true;
  }
}
