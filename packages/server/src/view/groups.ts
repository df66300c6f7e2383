/** A one-to-many index: the members of each group, without empty groups. */
export class Groups<K, V> {
  readonly #groups = new Map<K, Set<V>>();

  add(group: K, member: V): void {
    const members = this.#groups.get(group);
    if (members) members.add(member);
    else this.#groups.set(group, new Set([member]));
  }

  remove(group: K, member: V): void {
    const members = this.#groups.get(group);
    if (members?.delete(member) && members.size === 0) this.#groups.delete(group);
  }

  get(group: K): ReadonlySet<V> {
    return this.#groups.get(group) ?? new Set();
  }

  keys(): IterableIterator<K> {
    return this.#groups.keys();
  }
}
