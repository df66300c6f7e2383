/** A one-to-many index: the members of each group. Most groups have one member, which then takes no set of its own. */
export class Groups<K, V extends string | object> {
  readonly #groups = new Map<K, V | Set<V>>();

  add(group: K, member: V): void {
    const members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, member);
    else if (members instanceof Set) members.add(member);
    else if (members !== member) this.#groups.set(group, new Set([members, member]));
  }

  remove(group: K, member: V): void {
    const members = this.#groups.get(group);
    if (members === undefined) return;
    if (!(members instanceof Set)) {
      if (members === member) this.#groups.delete(group);
    } else if (members.delete(member) && members.size === 0) this.#groups.delete(group);
  }

  get(group: K): readonly V[] {
    return [...this.members(group)];
  }

  /** As {@link get}, but no copy: for who looks at a part of many members, and changes nothing meanwhile. */
  members(group: K): Iterable<V> {
    const members = this.#groups.get(group);
    if (members === undefined) return [];
    return members instanceof Set ? members : [members];
  }

  has(group: K, member: V): boolean {
    const members = this.#groups.get(group);
    return members instanceof Set ? members.has(member) : members === member;
  }

  count(group: K): number {
    const members = this.#groups.get(group);
    if (members === undefined) return 0;
    return members instanceof Set ? members.size : 1;
  }

  keys(): IterableIterator<K> {
    return this.#groups.keys();
  }
}
