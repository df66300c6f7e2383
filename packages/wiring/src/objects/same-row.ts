/**
 * Whether two values say the same: what is plain (objects, lists, maps) member by member, the order of a map's members left out.
 * Anything else is only the same as itself.
 */
export function saysTheSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const kind: unknown = Object.getPrototypeOf(a);
  if (Object.getPrototypeOf(b) !== kind) return false;
  if (kind === Object.prototype) return sameMembers(a as Members, b as Members);
  if (kind === Array.prototype) return sameList(a as readonly unknown[], b as readonly unknown[]);
  if (kind === Map.prototype) return sameMap(a as ReadonlyMap<unknown, unknown>, b as ReadonlyMap<unknown, unknown>);
  return false;
}

type Members = Readonly<Record<string, unknown>>;

function sameMembers(a: Members, b: Members): boolean {
  let members = 0;
  for (const name in a) {
    if (!saysTheSame(a[name], b[name]) || (a[name] === undefined && !(name in b))) return false;
    members += 1;
  }
  for (const _ in b) members -= 1;
  return members === 0;
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, n) => saysTheSame(each, b[n]));
}

function sameMap(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !saysTheSame(value, b.get(key))) return false;
  return true;
}
