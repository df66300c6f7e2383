import { silentLogger } from '@taas/service';
import { expect, it } from 'vitest';
import { Contained } from '../contained.js';
import { BudgetKeeper, unlimitedKbps } from './budget-keeper.js';

const contained = new Contained({ logger: silentLogger, counters: { failures: 0 } });

const keeper = (flow: object, node: object = {}) =>
  new BudgetKeeper({ flow, node, suspend_ms: 1000 }, silentLogger, contained);

it('polices every flow if there is any budget: at the rate of the flow, or only to count', () => {
  expect(keeper({}).policedKbps).toBeNull();
  expect(keeper({ max_kbps: 500 }).policedKbps).toBe(500);
  expect(keeper({ max_pps: 500 }).policedKbps).toBe(unlimitedKbps);
  expect(keeper({}, { max_kbps: 500 }).policedKbps).toBe(unlimitedKbps);
});

it('asks for policers on a VPP that has none, too: taps are refused there, and never wired without a budget', () => {
  const budget = keeper({ max_kbps: 500 });
  budget.attach({ has: () => false });
  expect(budget.policedKbps).toBe(500);
  budget.attach({ has: () => true });
  expect(budget.policedKbps).toBe(500);
});
