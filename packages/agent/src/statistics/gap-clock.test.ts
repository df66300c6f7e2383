import { expect, it } from 'vitest';
import { GapClock } from './gap-clock.js';

const elapsed = (found: readonly { cause: string; milliseconds: number }[]) =>
  found.map(({ cause, milliseconds }) => `${cause} ${milliseconds}`);

it('adds up the time in which a tap is not ACTIVE, once, and what is mended after a restart of VPP is the restart’s', () => {
  const clock = new GapClock();
  const told = (status: Parameters<GapClock['told']>[2], code: string, now: number) =>
    elapsed(clock.told('tap_flows', 'f', status, code, now, () => true));
  expect(told('PENDING', 'port_not_on_node', 0)).toEqual([]);
  expect(elapsed(clock.take(100))).toEqual(['not_active 100']);
  expect(told('ACTIVE', 'ok', 150)).toEqual(['not_active 50']);
  expect(elapsed(clock.take(1000))).toEqual([]);
  expect(told('PENDING', 'vpp_disconnected', 1100)).toEqual([]);
  expect(told('PENDING', 'port_not_on_node', 1200)).toEqual(['vpp_restarted 100']);
  expect(told('ACTIVE', 'ok', 1300)).toEqual(['vpp_restarted 100']);
  expect(told('DOWN', 'wiring_changed', 1400)).toEqual([]);
  expect(told('REMOVED', 'ok', 1405)).toEqual(['not_active 5']);
  expect(elapsed(clock.take(9999))).toEqual([]);
});

it('adds nothing up before a tap is ACTIVE for the first time', () => {
  const clock = new GapClock();
  const told = (status: Parameters<GapClock['told']>[2], now: number) =>
    elapsed(clock.told('tap_flows', 'f', status, 'port_not_on_node', now, () => false));
  expect(told('PENDING', 0)).toEqual([]);
  expect(elapsed(clock.take(100))).toEqual([]);
  expect(told('PENDING', 110)).toEqual([]);
  expect(told('ACTIVE', 150)).toEqual([]);
  expect(told('PENDING', 200)).toEqual([]);
  expect(told('ACTIVE', 230)).toEqual(['not_active 30']);
});
