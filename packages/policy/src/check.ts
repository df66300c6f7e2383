import type { Template } from './template.js';

/** A rule as a tree. `and`, `or` have two or more parts. */
export type Check =
  | { readonly kind: 'always' }
  | { readonly kind: 'never' }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'role'; readonly match: Template }
  | { readonly kind: 'field'; readonly resource: string; readonly field: string; readonly value: string }
  /** `left` is a Python literal or a path into the caller's credentials; compared as text with `match`. */
  | { readonly kind: 'attribute'; readonly left: string; readonly match: Template }
  | { readonly kind: 'not'; readonly check: Check }
  | { readonly kind: 'and'; readonly checks: readonly Check[] }
  | { readonly kind: 'or'; readonly checks: readonly Check[] };

/** The rule's text in its canonical form, from which the parser makes the same tree again. */
export function printCheck(check: Check): string {
  switch (check.kind) {
    case 'always':
      return '@';
    case 'never':
      return '!';
    case 'rule':
      return `rule:${check.name}`;
    case 'role':
      return `role:${check.match.text}`;
    case 'field':
      return `field:${check.resource}:${check.field}=${check.value}`;
    case 'attribute':
      return `${check.left}:${check.match.text}`;
    case 'not':
      return `not ${printOperand(check.check)}`;
    case 'and':
    case 'or':
      return check.checks.map(printOperand).join(` ${check.kind} `);
  }
}

function printOperand(check: Check): string {
  return check.kind === 'and' || check.kind === 'or' ? `(${printCheck(check)})` : printCheck(check);
}

/** The names of the rules that `check` refers to, in order, each as often as it stands there. */
export function referredRules(check: Check): string[] {
  switch (check.kind) {
    case 'rule':
      return [check.name];
    case 'not':
      return referredRules(check.check);
    case 'and':
    case 'or':
      return check.checks.flatMap(referredRules);
    default:
      return [];
  }
}
