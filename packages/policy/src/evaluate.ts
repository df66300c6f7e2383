import type { Check } from './check.js';
import { literalText, pythonText } from './python-text.js';
import { fillTemplate, isConstant, type Template } from './template.js';

/** What a request is about: attributes of the resource (`project_id`, `tenant_id`, ...), flat. */
export type Target = Readonly<Record<string, unknown>>;

/** Who asks: oslo.context's policy values (`user_id`, `project_id`, `roles`, `is_admin`, `system_scope`, ...). */
export type Credentials = Readonly<Record<string, unknown>>;

export interface Evaluation {
  /** The rule by its name; undefined if there is none (the check then fails). */
  readonly rule: (name: string) => Check | undefined;
  readonly target: Target;
  readonly credentials: Credentials;
}

/** Whether `check` passes. A missing rule or attribute fails the check that needs it, and that one only (oslo.policy). */
export function evaluate(check: Check, evaluation: Evaluation): boolean {
  switch (check.kind) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'rule': {
      const referred = evaluation.rule(check.name);
      return referred !== undefined && evaluate(referred, evaluation);
    }
    case 'role':
      return hasRole(check.match, evaluation);
    case 'field':
      return (
        Object.hasOwn(evaluation.target, check.field) &&
        evaluation.target[check.field] !== null &&
        pythonText(evaluation.target[check.field]) === check.value
      );
    case 'attribute':
      return matchesAttribute(check.left, check.match, evaluation);
    case 'not':
      return !evaluate(check.check, evaluation);
    case 'and':
      return check.checks.every((part) => evaluate(part, evaluation));
    case 'or':
      return check.checks.some((part) => evaluate(part, evaluation));
  }
}

function hasRole(match: Template, { target, credentials }: Evaluation): boolean {
  const role = fillTemplate(match, target)?.toLowerCase();
  const roles = Object.hasOwn(credentials, 'roles') ? credentials['roles'] : undefined;
  return (
    role !== undefined &&
    Array.isArray(roles) &&
    roles.some((held) => typeof held === 'string' && held.toLowerCase() === role)
  );
}

function matchesAttribute(left: string, match: Template, { target, credentials }: Evaluation): boolean {
  const wanted = fillTemplate(match, target);
  if (wanted === null) return false;
  const literal = literalText(left);
  if (literal !== null) return literal === wanted;
  // A caller without a project must not own what has no project: theirs compares 'None' with 'None' and finds them equal.
  const nullMatches = isConstant(match);
  return findInPath(credentials, left.split('.'), (value) =>
    value === null ? nullMatches && wanted === 'None' : pythonText(value) === wanted,
  );
}

/** A list on the way, or at its end, matches if any of its members does. */
function findInPath(value: unknown, path: readonly string[], matches: (value: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.some((member) => findInPath(member, path, matches));
  const [key, ...rest] = path;
  if (key === undefined) return matches(value);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
  return findInPath((value as Readonly<Record<string, unknown>>)[key], rest, matches);
}
