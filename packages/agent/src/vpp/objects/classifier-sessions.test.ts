import { describe, expect, it } from 'vitest';
import { shownSessions } from './classifier-sessions.js';

/** As a VPP 20.09 printed it. */
const shown = `  TableIdx  Sessions   NextTbl  NextNode
         0         2        -1         0
  Heap: total: 320.00K, used: 1.61K, free: 318.39K, trimmable: 318.31K
  nbuckets 2, skip 0 match 2 flag 0 offset 0
  mask 000000000000000000000000ffff0fff00000000000000000000000000000000
  linear-search buckets 0

[1]: heap offset 1200, elts 2, normal
    0: [1200]: next_index -1 advance 0 opaque 1952538995 action 0 metadata 0
        k: 0000000000000000000000008100000500000000000000000000000000000000
        hits 0, last_heard 0.00

    1: [1264]: next_index 0 advance 0 opaque -2 action 0 metadata 0
        k: 00000000000000000000000088a8000500000000000000000000000000000000
        hits 0, last_heard 0.00

    2 active elements
    1 free lists
    0 linear-search buckets
`;

describe('sessions as the command line shows them', () => {
  it('are read with what they match, whose they are and what they do', () => {
    expect(shownSessions(shown)).toEqual([
      {
        match: '0000000000000000000000008100000500000000000000000000000000000000',
        opaque: 0x74616173,
        isPermitted: true,
      },
      {
        match: '00000000000000000000000088a8000500000000000000000000000000000000',
        opaque: 0xfffffffe,
        isPermitted: false,
      },
    ]);
  });

  it('are none in what shows none', () => {
    expect(shownSessions('No classifier tables configured\n')).toEqual([]);
  });
});
