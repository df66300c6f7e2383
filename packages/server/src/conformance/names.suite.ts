import { randomUUID } from 'node:crypto';

/**
 * The transcript's names and this run's ids. A name may stand for several ids (a stand-in port shows under the name of
 * the port that it stands for); of those the last bound is the one that requests mean.
 */
export class Names {
  readonly #idOf = new Map<string, string>();
  readonly #nameOf = new Map<string, string>();

  bind(name: string, id: string): string {
    this.#idOf.set(name, id);
    this.#nameOf.set(id, name);
    return id;
  }

  /** Makes an id show under a name without requests meaning it. */
  alias(id: string, name: string): void {
    this.#nameOf.set(id, name);
  }

  id(name: string): string {
    return this.#idOf.get(name) ?? this.bind(name, randomUUID());
  }

  knows(name: string): boolean {
    return this.#idOf.has(name);
  }

  /** Names to ids. */
  toIds(text: string): string {
    return text.replace(/<[a-zA-Z][^<>]*>/g, (name) => (this.#idOf.has(name) ? this.id(name) : name));
  }

  /** Ids to names. */
  toNames(text: string): string {
    let named = text;
    for (const [id, name] of this.#nameOf) named = named.replaceAll(id, name);
    return named;
  }
}
