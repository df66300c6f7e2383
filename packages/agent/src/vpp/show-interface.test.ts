import { expect, it } from 'vitest';
import { readCounters } from './show-interface.js';

const shown = `              Name               Idx    State  MTU (L3/IP4/IP6/MPLS)     Counter          Count
local0                            0     down          0/0/0/0
loop0                             3      up          9000/0/0/0     tx packets                     4
                                                                    tx bytes                     328
pg0                               1      up          9000/0/0/0     rx packets                     5
                                                                    rx bytes                     410
                                                                    drops                          5
                                                                    ip4                            2
`;

it("reads every interface's counters off what VPP shows, and leaves alone those that it does not know", () => {
  const zero = { rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0, drops: 0, txErrors: 0 };
  expect([...readCounters(shown)]).toEqual([
    [0, zero],
    [3, { ...zero, txPackets: 4, txBytes: 328 }],
    [1, { ...zero, rxPackets: 5, rxBytes: 410, drops: 5 }],
  ]);
});
