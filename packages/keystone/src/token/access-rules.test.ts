import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokenBody } from '../fake-keystone.suite.js';
import { accessRulesAllow, mostRules } from './access-rules.js';
import { longestPath, longestPattern } from './path-pattern.js';
import { parseTokenInfo } from './token-info.js';

const info = (rules: object[] | undefined) =>
  parseTokenInfo(
    JSON.stringify({ token: tokenBody({ application_credential: { id: 'c', name: 'n', access_rules: rules } }) }),
  );
const allows = (pattern: string, path: string): boolean =>
  accessRulesAllow(info([{ service: 'network', method: 'GET', path: pattern }]), {
    service: 'network',
    method: 'GET',
    path,
  });

test.each([
  ['/v2.0/taas/tap_flows', '/v2.0/taas/tap_flows', true],
  ['/v2.0/taas/tap_flows', '/v2.0/taas/tap_flows/1', false],
  ['/v2.0/taas/*', '/v2.0/taas/tap_flows', true],
  ['/v2.0/taas/*', '/v2.0/taas/tap_flows/1', false],
  ['/v2.0/taas/*', '/v2.0/taas/', false],
  ['/v2.0/**', '/v2.0/taas/tap_flows/1', true],
  ['/v2.0/**', '/v2.0/', true],
  ['/v2.0/taas/tap_flows/{id}', '/v2.0/taas/tap_flows/1', true],
  ['/v2.0/taas/{kind}/{id}', '/v2.0/taas/tap_flows/1', true],
  ['/v2.0', '/v200', false],
])('%s for %s: %s', (pattern, path, expected) => {
  expect(allows(pattern, path)).toBe(expected);
});

test('method and service count; without rules all is allowed, with an empty list nothing', () => {
  const reader = info([{ service: 'network', method: 'GET', path: '/**' }]);
  expect(accessRulesAllow(reader, { service: 'network', method: 'POST', path: '/x' })).toBe(false);
  expect(accessRulesAllow(reader, { service: 'compute', method: 'GET', path: '/x' })).toBe(false);
  expect(accessRulesAllow(info(undefined), { service: 'network', method: 'POST', path: '/x' })).toBe(true);
  expect(accessRulesAllow(info([]), { service: 'network', method: 'GET', path: '/x' })).toBe(false);
});

test('as keystonemiddleware reads patterns: by its own regular expression, for short ones', () => {
  const words = fc.array(fc.constantFrom('a', 'b', '/', '*', '**', '{x}', '/*', '**a'), { maxLength: 9 });
  const paths = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 9 });
  fc.assert(
    fc.property(words, paths, (pattern, path) => {
      expect(allows(pattern.join('') || '/', path.join(''))).toBe(byExpression(pattern.join('') || '/', path.join('')));
    }),
    { numRuns: 3000 },
  );
});

/** What keystonemiddleware does (auth_token, `_path_matches`), but for its literal text, which it does not escape. */
function byExpression(pattern: string, path: string): boolean {
  const parts = [...pattern.matchAll(/\{[^}]*\}|\*\*|\*|[^{}*]/g)].map(([part]) => {
    if (part === '**') return '.*';
    return part === '*' || part.length > 1 ? '[^/]+' : part.replace('/', '\\/');
  });
  return new RegExp(`^${parts.join('')}$`, 's').test(path);
}

test('places beyond one word of bits', () => {
  const long = 'segment/'.repeat(20);
  expect(allows(`/${long}*/x`, `/${long}any/x`)).toBe(true);
  expect(allows(`/${long}*/x`, `/${long}/x`)).toBe(false);
  expect(allows(`/**/${long}end`, `/a/b/${long}${long}end`)).toBe(true);
  expect(allows(`/**/${long}end`, `/a/b/${long}${long}ende`)).toBe(false);
});

test('rules of Keystone own length, as many as it lets in, cost a request some milliseconds', () => {
  // Each way through the old matcher was a member of a set: 20 such rules took 3.4 s. Here a step is a few words of bits.
  const pattern = (n: number) => `/${`**a*${n}`.repeat(60)}`.slice(0, 225);
  const rules = Array.from({ length: mostRules }, (_, n) => ({ service: 'network', method: 'GET', path: pattern(n) }));
  const path = `/${'a'.repeat(longestPath - 1)}`;
  const cpu = process.cpuUsage();
  expect(accessRulesAllow(info(rules), { service: 'network', method: 'GET', path })).toBe(false);
  const { user, system } = process.cpuUsage(cpu);
  expect((user + system) / 1000).toBeLessThan(2000);
});

test('what is out of bounds allows nothing', () => {
  expect(allows('/**', `/${'a'.repeat(longestPath - 1)}`)).toBe(true);
  expect(allows('/**', `/${'a'.repeat(longestPath)}`)).toBe(false);
  expect(allows(`/${'*'.repeat(longestPattern - 1)}`, '/a')).toBe(true);
  expect(allows(`/${'*'.repeat(longestPattern)}`, '/a')).toBe(false);
  const rule = (path: string) => ({ service: 'network', method: 'GET', path });
  const asked = { service: 'network', method: 'GET', path: '/a' };
  const others = Array.from({ length: mostRules - 1 }, () => rule('/b'));
  expect(accessRulesAllow(info([...others, rule('/a')]), asked)).toBe(true);
  expect(accessRulesAllow(info([...others, rule('/b'), rule('/a')]), asked)).toBe(false);
});
