import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Check } from './check.js';
import { arbitraryCheck, arbitraryCredentials, arbitraryTarget } from './check.suite.js';
import { type Credentials, evaluate, type Target } from './evaluate.js';
import { parseRule } from './parser.js';

const rules = new Map<string, Check>([
  ['one', parseRule('role:member')],
  ['two', parseRule('rule:one and project_id:%(project_id)s')],
]);
const run = (check: Check, target: Target, credentials: Credentials): boolean =>
  evaluate(check, { rule: (name) => rules.get(name), target, credentials });
const not = (check: Check): Check => ({ kind: 'not', check });
const and = (...checks: Check[]): Check => ({ kind: 'and', checks });
const or = (...checks: Check[]): Check => ({ kind: 'or', checks });

describe('laws', () => {
  const everything = fc.tuple(arbitraryCheck, arbitraryCheck, arbitraryTarget, arbitraryCredentials);
  const equal = (left: (a: Check, b: Check) => Check, right: (a: Check, b: Check) => Check): void =>
    fc.assert(
      fc.property(everything, ([a, b, target, credentials]) => {
        expect(run(left(a, b), target, credentials)).toBe(run(right(a, b), target, credentials));
      }),
    );

  test('De Morgan', () => {
    equal(
      (a, b) => not(and(a, b)),
      (a, b) => or(not(a), not(b)),
    );
    equal(
      (a, b) => not(or(a, b)),
      (a, b) => and(not(a), not(b)),
    );
  });
  test('and, or commute, absorb and have their neutral elements', () => {
    equal(
      (a, b) => and(a, b),
      (a, b) => and(b, a),
    );
    equal(
      (a, b) => or(a, b),
      (a, b) => or(b, a),
    );
    equal(
      (a, b) => or(a, and(a, b)),
      (a) => a,
    );
    equal(
      (a) => and(a, { kind: 'always' }),
      (a) => a,
    );
    equal(
      (a) => or(a, { kind: 'never' }),
      (a) => a,
    );
    equal(
      (a) => not(not(a)),
      (a) => a,
    );
  });
});

test('ownership: two different projects never match, one and the same does', () => {
  const owner = parseRule('project_id:%(project_id)s');
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), (mine, other) => {
      expect(run(owner, { project_id: mine }, { project_id: mine })).toBe(true);
      expect(run(owner, { project_id: other }, { project_id: mine })).toBe(mine === other);
    }),
  );
});

test.each<[string, Target, Credentials, boolean]>([
  ['role:Admin', {}, { roles: ['aDMIN'] }, true],
  ['role:admin', {}, { roles: 'admin' }, false],
  ['role:admin', {}, {}, false],
  ['role:%(needed)s', { needed: 'member' }, { roles: ['member'] }, true],
  ['is_admin:True', {}, { is_admin: true }, true],
  ['is_admin:True', {}, { is_admin: false }, false],
  ['is_admin:true', {}, { is_admin: true }, false],
  ['user_id:%(user_id)s', { user_id: 'u' }, { user_id: 'u' }, true],
  ['tenant_id:%(tenant_id)s', { tenant_id: 't' }, { tenant_id: 'x' }, false],
  ["'member':%(role)s", { role: 'member' }, {}, true],
  ['"member":%(role)s', { role: 'reader' }, {}, false],
  ['True:%(shared)s', { shared: true }, {}, true],
  ['None:%(parent)s', { parent: null }, {}, true],
  ['12:%(vlan)s', { vlan: 12 }, {}, true],
  ['token.user.id:u', {}, { token: { user: { id: 'u' } } }, true],
  ['token.groups.id:g2', {}, { token: { groups: [{ id: 'g1' }, { id: 'g2' }] } }, true],
  ['roles:member', {}, { roles: ['reader', 'member'] }, true],
  ['user_id.deeper:u', {}, { user_id: 'u' }, false],
  ['domain_id:None', {}, { domain_id: null }, true],
  ['field:networks:shared=True', { shared: true }, {}, true],
  ['field:networks:shared=True', { shared: false }, {}, false],
  ['field:networks:shared=None', { shared: null }, {}, false],
  ['rule:absent', {}, {}, false],
  // What is not known refuses, whichever way round it is asked.
  ['not rule:absent', {}, {}, false],
  ['not project_id:%(absent)s', {}, { project_id: 'p' }, false],
  ['not project_id:%(project_id)s', { project_id: null }, {}, false],
  ['not (project_id:%(absent)s and role:x)', {}, { project_id: 'p', roles: [] }, true],
  ['not (project_id:%(absent)s or role:x)', {}, { project_id: 'p', roles: [] }, false],
  ['not role:%(absent)s', {}, { roles: ['x'] }, false],
  ['not role:admin', {}, {}, false],
  ['not role:admin', {}, { roles: ['member'] }, true],
  ['not field:networks:shared=True', {}, {}, false],
  ['not unheard_of:x', {}, { project_id: 'p' }, false],
  ['not system_scope:all', {}, { system_scope: null }, true],
  ['not token.groups.id:g2', {}, { token: { groups: [{ id: 'g1' }, {}] } }, false],
  ['toString:%(project_id)s', { project_id: 'x' }, {}, false],
  ['user_id:%(constructor)s', {}, { user_id: 'x' }, false],
])('%s with target %j and caller %j: %s', (rule, target, credentials, expected) => {
  expect(run(parseRule(rule), target, credentials)).toBe(expected);
});

test('a caller without a project does not own what has none', () => {
  const owner = parseRule('project_id:%(project_id)s');
  expect(run(owner, { project_id: null }, { project_id: null })).toBe(false);
  expect(run(owner, {}, {})).toBe(false);
});
