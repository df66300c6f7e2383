import type { ClassifierTable } from '../engine/classifier-table.js';

const hex = (raw: Uint8Array): string => Buffer.from(raw).toString('hex');

/** What VPP's command `show classify tables index N verbose` prints of one table, as 20.09 words it; heaps and hits are made up. */
export function showClassifier(table: ClassifierTable | undefined): string {
  if (table === undefined) return 'No classifier tables configured\n';
  const { index, sessions, next, miss, buckets, skip, vectors, mask } = table;
  return [
    '  TableIdx  Sessions   NextTbl  NextNode',
    [index, sessions.size, next | 0, miss | 0].map((each) => String(each).padStart(10)).join(''),
    '  Heap: total: 320.00K, used: 1.61K, free: 318.39K, trimmable: 318.31K',
    `  nbuckets ${buckets}, skip ${skip} match ${vectors} flag 0 offset 0`,
    `  mask ${hex(mask)}`,
    '  linear-search buckets 0',
    '',
    ...[...sessions.values()].flatMap(({ match, hit, opaque, advance }, n) => [
      `    ${n}: [${1200 + 64 * n}]: next_index ${hit | 0} advance ${advance} opaque ${opaque | 0} action 0 metadata 0`,
      `        k: ${hex(match)}`,
      '        hits 0, last_heard 0.00',
      '',
    ]),
    `    ${sessions.size} active elements`,
    '    1 free lists',
    '    0 linear-search buckets',
    '',
  ].join('\n');
}
