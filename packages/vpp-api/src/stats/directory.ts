import { entryBytes, nameAt, readVector, type SegmentHeader } from './layout.js';
import type { SegmentBytes } from './segment-bytes.js';

/** Entries that are searched in one go: about a megabyte. */
const atOnce = 7_000;

/**
 * Where names stand in the directory. A VPP of 10,000 interfaces has 200,000 entries; so places are remembered, and whoever
 * reads an entry compares its name.
 */
export class Directory {
  readonly #places = new Map<string, number>();

  /** Where a name stood when it was last looked for. */
  place(name: string): number | undefined {
    return this.#places.get(name);
  }

  /**
   * Looks for a name anew, and lets others work in between.
   * @param pause called between two parts of the directory
   * @throws VppStatsError `malformed`
   */
  async search(bytes: SegmentBytes, header: SegmentHeader, name: string, pause: () => Promise<void>): Promise<void> {
    this.#places.delete(name);
    const wanted = Buffer.from(`${name}\0`, 'latin1');
    const { offset, length } = readVector(bytes, header.base, header.directory);
    for (let first = 0; first < length; first += atOnce) {
      if (first > 0) await pause();
      const part = bytes.read(offset + first * entryBytes, Math.min(atOnce, length - first) * entryBytes);
      const at = findName(part, wanted);
      if (at === -1) continue;
      this.#places.set(name, first + at);
      return;
    }
  }
}

/** Which of the entries has the name; -1: none. */
function findName(part: Buffer, wanted: Buffer): number {
  for (let at = part.indexOf(wanted); at !== -1; at = part.indexOf(wanted, at + 1))
    if (at % entryBytes === nameAt) return Math.floor(at / entryBytes);
  return -1;
}
