/** A one-to-many index: the members of each group. Most groups have one member, which then takes no set of its own. */
export class Groups<K, V extends string> {
  readonly #groups = new Map<K, V | Set<V>>();

  add(group: K, member: V): void {
    const members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, member);
    else if (typeof members !== 'string') members.add(member);
    else if (members !== member) this.#groups.set(group, new Set([members, member]));
  }

  remove(group: K, member: V): void {
    const members = this.#groups.get(group);
    if (members === undefined) return;
    if (typeof members === 'string') {
      if (members === member) this.#groups.delete(group);
    } else if (members.delete(member) && members.size === 0) this.#groups.delete(group);
  }

  get(group: K): readonly V[] {
    const members = this.#groups.get(group);
    if (members === undefined) return [];
    return typeof members === 'string' ? [members] : [...members];
  }

  /** As {@link get}, but no copy: for who looks at a part of many members, and changes nothing meanwhile. */
  members(group: K): Iterable<V> {
    const members = this.#groups.get(group);
    if (members === undefined) return [];
    return typeof members === 'string' ? [members] : members;
  }

  has(group: K, member: V): boolean {
    const members = this.#groups.get(group);
    return typeof members === 'string' ? members === member : (members?.has(member) ?? false);
  }

  count(group: K): number {
    const members = this.#groups.get(group);
    if (members === undefined) return 0;
    return typeof members === 'string' ? 1 : members.size;
  }

  keys(): IterableIterator<K> {
    return this.#groups.keys();
  }
}
