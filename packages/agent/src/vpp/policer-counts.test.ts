import { expect, it } from 'vitest';
import { parseCounts } from './policer-counts.js';

/** As VPP 26.06 prints it. */
const printed = (
  name: string,
  conform: number,
  violate: number,
) => `Name "${name}" type 1r2c cir 1000 eir 0 cb 100000 eb 0
rate type kbps, round type closest
conform action transmit, exceed action drop, violate action drop
 
Policer at index 0: single rate, not color-aware
cir 206827 tok/period, pir 1 tok/period, scale 15
cur lim 3276800000, cur bkt 2282729, ext lim 0, ext bkt 0
last update 474856065
conform ${conform} packets, ${conform * 1000} bytes
exceed 0 packets, 0 bytes
violate ${violate} packets, ${violate * 1000} bytes
-----------
`;

const odd = (name: string): void => {
  throw new Error(name);
};

it('reads what our policers have counted, and leaves out those of others', () => {
  const text = printed('taas.flow:a', 600, 19_400) + printed('theirs', 1, 2) + printed('taas.mirror:b/IN', 3, 0);
  expect([...parseCounts(text, odd)]).toEqual([
    ['taas.flow:a', { passed: { packets: 600, bytes: 600_000 }, dropped: { packets: 19_400, bytes: 19_400_000 } }],
    ['taas.mirror:b/IN', { passed: { packets: 3, bytes: 3000 }, dropped: { packets: 0, bytes: 0 } }],
  ]);
});

it('says nothing of a policer whose counters are not told', () => {
  const untold: string[] = [];
  const text = 'Name "taas.flow:a" type 1r2c cir 1 eir 0 cb 1 eb 0\n-----------\n';
  const counts = parseCounts(text + printed('taas.flow:b', 1, 2), (name) => untold.push(name));
  expect([...counts.keys()]).toEqual(['taas.flow:b']);
  expect(untold).toEqual(['taas.flow:a']);
  expect(parseCounts('', odd).size).toBe(0);
});
