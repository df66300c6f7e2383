/**
 * Whether a VPP is older than a release, by what it says of itself. For faults that no message shows alone: what a VPP can do is
 * found out by its messages. A version that cannot be read counts as old.
 * @param version as VPP says it, like 20.09-release
 * @param release year and month, like 2506
 */
export function isOlderThan(version: string, release: number): boolean {
  const [, year, month] = /^v?(\d\d)\.(\d\d)(?!\d)/.exec(version) ?? [];
  return !(Number(`${year}${month}`) >= release);
}
