/** Revisions, and when they were the latest: what of etcd's history is older than so and so long. */
export class PastRevisions {
  readonly #seen: { readonly at: number; readonly revision: number }[] = [];

  /** @param spanMs how far back it remembers */
  constructor(private readonly spanMs: number) {}

  /** @param now in ms, never less than before */
  note(now: number, revision: number): void {
    if (revision > (this.#seen.at(-1)?.revision ?? 0)) this.#seen.push({ at: now, revision });
    // The newest of those that are old enough is the one that is asked for.
    while ((this.#seen[1]?.at ?? Number.POSITIVE_INFINITY) <= now - this.spanMs) this.#seen.shift();
  }

  /** The latest revision that is at least as old as the span; null if none is known to be. */
  before(now: number): number | null {
    const [oldest] = this.#seen;
    return oldest !== undefined && oldest.at <= now - this.spanMs ? oldest.revision : null;
  }
}
