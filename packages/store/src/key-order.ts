/**
 * Orders keys as etcd does: by their UTF-8 bytes. JavaScript's own `<` orders by UTF-16 code units, which puts characters
 * beyond U+FFFF before U+E000..U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return utf8Rank(left) - utf8Rank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates, which stand for characters of four UTF-8 bytes, behind every other code unit. */
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The given prefixes without those that another one covers, so that no key is seen twice. */
export function disjointPrefixes(prefixes: readonly string[]): readonly string[] {
  const distinct = [...new Set(prefixes)].sort(compareKeys);
  return distinct.filter((prefix) => !distinct.some((other) => other !== prefix && prefix.startsWith(other)));
}
