import { expect, test } from 'vitest';
import type { Check } from './check.js';
import { RuleReferences } from './rule-references.js';

const to = (...names: readonly string[]): Check => ({
  kind: 'or',
  checks: names.map((name) => ({ kind: 'rule', name })),
});

test('what a rule needs, and what needs it', () => {
  const rules = new RuleReferences(
    [
      ['a', to('b', 'c')],
      ['b', to('d')],
      ['c', null],
      ['d', to()],
    ],
    'default',
  );
  expect([...rules.neededBy(['b'])].sort()).toEqual(['b', 'd']);
  expect([...rules.needing(['d'])].sort()).toEqual(['a', 'b', 'd']);
});

test('a rule that is not there is the fallback', () => {
  const rules = new RuleReferences(
    [
      ['a', to('nowhere')],
      ['default', to('a')],
    ],
    'default',
  );
  expect(rules.loopThrough('a')).toEqual(['a', 'default', 'a']);
});

test('the shortest loop through a rule, and none through one that only leads to a loop', () => {
  const rules = new RuleReferences(
    [
      ['in', to('a')],
      ['a', to('b', 'c')],
      ['b', to('c')],
      ['c', to('a')],
      ['self', to('self')],
    ],
    'default',
  );
  expect(rules.loopThrough('in')).toBeNull();
  expect(rules.loopThrough('a')).toEqual(['a', 'c', 'a']);
  expect(rules.loopThrough('b')).toEqual(['b', 'c', 'a', 'b']);
  expect(rules.loopThrough('self')).toEqual(['self', 'self']);
});

test('a chain as long as a file may be is walked without a step a pair of rules', () => {
  const length = 100_000;
  const chain = Array.from({ length }, (_, n): readonly [string, Check] => [`r${n}`, to(`r${n + 1}`)]);
  const rules = new RuleReferences(chain, 'default');
  // Quadratic, these would be ten thousand million steps.
  for (let n = 0; n < length; n += 1) expect(rules.loopThrough(`r${n}`)).toBeNull();
  expect(rules.needing([`r${length - 1}`]).size).toBe(length);
});
