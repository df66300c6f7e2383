import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printCheck } from './check.js';
import { arbitraryCheck } from './check.suite.js';
import { parseRule } from './parser.js';
import { RuleSyntaxError } from './policy-error.js';

const printed = (rule: unknown): string => printCheck(parseRule(rule));

test('what is printed parses to the same tree', () => {
  fc.assert(
    fc.property(arbitraryCheck, (check) => {
      expect(parseRule(printCheck(check))).toEqual(check);
    }),
  );
});

test('case of operators, white space and needless parentheses change nothing', () => {
  const noisy = fc.tuple(arbitraryCheck, fc.constantFrom('AND', 'And'), fc.constantFrom('  ', '\n', '\t'));
  fc.assert(
    fc.property(noisy, ([check, and, space]) => {
      const text = `(( ${printCheck(check).replaceAll(' and ', ` ${and} `).replaceAll(' ', space)} ))`;
      expect(parseRule(text)).toEqual(parseRule(printCheck(check)));
    }),
  );
});

test('any text either parses or is refused with a place inside it', () => {
  const words = fc.constantFrom('(', ')', 'and', 'or', 'not', '@', '!', 'role:a', 'x', 'p:%(q)s', 'p:%(q)', "'a'", ' ');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((list) => list.join(' ')),
      ),
      (text) => {
        try {
          parseRule(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RuleSyntaxError);
          const { offset } = error as RuleSyntaxError;
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThanOrEqual(text.length);
        }
      },
    ),
  );
});

test.each([
  ['a:1 or b:2 and c:3', 'a:1 or (b:2 and c:3)'],
  ['a:1 and b:2 or c:3', '(a:1 and b:2) or c:3'],
  ['not a:1 and b:2', 'not a:1 and b:2'],
  ['not (a:1 and b:2)', 'not (a:1 and b:2)'],
  ['not not a:1', 'not not a:1'],
  [
    '(rule:admin_only) or (role:member and project_id:%(project_id)s)',
    'rule:admin_only or (role:member and project_id:%(project_id)s)',
  ],
  ['project_id:%(network:project_id)s', 'project_id:%(network:project_id)s'],
  ['field:networks:shared=True', 'field:networks:shared=True'],
  ["'Member':%(role.name)s", "'Member':%(role.name)s"],
  ['', '@'],
])('%j is %j', (text, canonical) => {
  expect(printed(text)).toBe(canonical);
});

test.each([
  [[], '@'],
  [[[]], '!'],
  ['role:admin', 'role:admin'],
  [['role:admin'], 'role:admin'],
  [
    [['role:admin'], ['project_id:%(project_id)s', 'role:projectadmin']],
    'role:admin or (project_id:%(project_id)s and role:projectadmin)',
  ],
])('the old form %j is %j', (list, canonical) => {
  expect(printed(list)).toBe(canonical);
});

test.each([
  ['role:a role:b', 7, /"and" or "or" is missing before "role:b"/],
  ['(role:a or role:b', 0, /no "\)"/],
  ['role:a)', 6, /"\)" without/],
  ['role:a and', 10, /ends where a check is expected/],
  ['and role:a', 0, /not "and"/],
  ['role:a or admin', 10, /"admin" is not a check/],
  ['role:a or project_id:%(project_id)', 21, /must be "%\(name\)s"/],
  ["role:a or 'admin'", 10, /quoted text alone/],
  ['http://policy.example/check', 0, /not supported/],
  ['   ', 3, /ends where/],
])('%j is refused at character %i', (text, offset, message) => {
  expect(() => parseRule(text)).toThrow(message);
  try {
    parseRule(text);
  } catch (error) {
    expect((error as RuleSyntaxError).offset).toBe(offset);
  }
});

describe('rules that would exhaust the parser', () => {
  test.each([
    ['parentheses', `${'('.repeat(5000)}@${')'.repeat(5000)}`],
    ['not', `${'not '.repeat(5000)}@`],
    ['length', `@${' or @'.repeat(50_000)}`],
  ])('%s', (_what, text) => {
    expect(() => parseRule(text)).toThrow(RuleSyntaxError);
  });
});

test('an empty YAML value is refused: theirs lets everybody in', () => {
  expect(() => parseRule(null)).toThrow(/write "@"/);
});
