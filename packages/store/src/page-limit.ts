/** A page is to have so much. */
const pageBytes = 4 * 1024 * 1024;
/** A page has at most so many times the keys that the one before asked for. */
const fastestGrowth = 4;

/**
 * How many keys the next page asks for. etcd goes through all keys that are left for each page (mvcc/index.go, `Revisions`), so that small
 * pages of many keys cost the square of these; and a large page of large values would be too much at once.
 * @param limit what the page before has asked for
 * @param page its keys with their values, as they came
 */
export function nextLimit(limit: number, page: readonly Uint8Array[]): number {
  const bytes = page.reduce((sum, { length }) => sum + length, 0);
  const fitting = Math.ceil((pageBytes * page.length) / Math.max(1, bytes));
  return Math.max(1, Math.min(fitting, limit * fastestGrowth));
}
