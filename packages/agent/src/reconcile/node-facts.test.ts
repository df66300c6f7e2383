import { checkConfig } from '@taas/service';
import { noOverload, type Overload } from '@taas/wiring';
import { expect, it } from 'vitest';
import { agentConfigSchema } from '../config.js';
import { configuredUplinks, nodeFacts } from './node-facts.js';

const physnets = [{ name: 'one', interface: 'eth0' }, { name: 'two' }];
const config = checkConfig(agentConfigSchema, { node: 'n', physnets }, 'test');

it('are data: what happens to budget and copies afterwards is for the next pass', () => {
  const budget: { policedKbps: number | null; overload: Overload } = { policedKbps: 100, overload: noOverload };
  const facts = nodeFacts(config, budget, new Map(), '26.06');
  const before = structuredClone(facts);
  budget.policedKbps = null;
  budget.overload = { thinned: new Map([['tag', 'much']]), suspended: new Map() };
  expect(facts).toEqual(before);
  expect(Object.values(Object.getOwnPropertyDescriptors(facts)).filter(({ get }) => get)).toEqual([]);
  expect(Object.isFrozen(facts)).toBe(true);
});

it('names the uplinks that have no tag of their own', () => {
  expect([...configuredUplinks(config)]).toEqual([['one', 'eth0']]);
});
