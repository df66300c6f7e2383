import type { Sliced } from './slices.js';

/** Members that are sorted in one step. */
const run = 64;

/** A stable sort in slices: as `toSorted`, but a large list does not keep the event loop. */
export function* mergeSorted<T>(items: readonly T[], compare: (a: T, b: T) => number): Sliced<readonly T[]> {
  let runs: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += run) {
    runs.push(items.slice(at, at + run).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(yield* merge(runs[at] ?? [], runs[at + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): Sliced<readonly T[]> {
  const merged: T[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    // Of equals the left one, which stood before.
    const takesLeft = compare(left[l] as T, right[r] as T) <= 0;
    merged.push((takesLeft ? left[l++] : right[r++]) as T);
    if (merged.length % run === 0) yield;
  }
  for (const rest of [left.slice(l), right.slice(r)]) {
    for (const item of rest) {
      merged.push(item);
      if (merged.length % run === 0) yield;
    }
  }
  return merged;
}
