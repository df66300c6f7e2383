/**
 * The newest format of records (their `v`) that this program reads. Records of agents and of servers, which tell it, are of format 1 for
 * ever: what they say besides is added as fields that older readers leave out. Likewise in all other records of a format:
 * what an older reader may not leave out without misreading the rest is another format.
 */
export const recordFormat = 1;

/** Who has said in its record which formats it reads. Absent: the first, as all programs that did not say. */
export interface FormatReader {
  readonly reads?: number | undefined;
}

/** The newest format that all of them read: what may be written where each of them may have to read it. */
export function commonFormat(readers: Iterable<FormatReader>): number {
  let common = recordFormat;
  for (const { reads = 1 } of readers) common = Math.min(common, reads);
  return common;
}
