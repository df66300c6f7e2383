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

/** What is found out about a check: null if it asks for something that is not known. */
export type Verdict = boolean | null;

/**
 * Whether `check` passes. What cannot be decided does not pass, and neither does its opposite: `not project_id:%(x)s` where
 * the target has no `x` refuses. oslo.policy lets that pass, since to it a check that cannot be decided has failed.
 */
export function evaluate(check: Check, evaluation: Evaluation): boolean {
  return judge(check, evaluation) === true;
}

/** Kleene's logic: a part that is not known matters only if the others do not decide without it. */
function judge(check: Check, evaluation: Evaluation): Verdict {
  switch (check.kind) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'rule': {
      const referred = evaluation.rule(check.name);
      return referred === undefined ? null : judge(referred, evaluation);
    }
    case 'role':
      return hasRole(check.match, evaluation);
    case 'field': {
      if (!Object.hasOwn(evaluation.target, check.field)) return null;
      const value = evaluation.target[check.field];
      return value !== null && pythonText(value) === check.value;
    }
    case 'attribute':
      return matchesAttribute(check.left, check.match, evaluation);
    case 'not':
      return opposite(judge(check.check, evaluation));
    case 'and':
      return opposite(anyOf(check.checks, (part) => opposite(judge(part, evaluation))));
    case 'or':
      return anyOf(check.checks, (part) => judge(part, evaluation));
  }
}

const opposite = (verdict: Verdict): Verdict => (verdict === null ? null : !verdict);

function anyOf<T>(parts: readonly T[], verdict: (part: T) => Verdict): Verdict {
  let all: Verdict = false;
  for (const part of parts) {
    const one = verdict(part);
    if (one === true) return true;
    if (one === null) all = null;
  }
  return all;
}

function hasRole(match: Template, { target, credentials }: Evaluation): Verdict {
  const role = fillTemplate(match, target)?.toLowerCase();
  const roles = Object.hasOwn(credentials, 'roles') ? credentials['roles'] : undefined;
  if (role === undefined || !Array.isArray(roles)) return null;
  return roles.some((held) => typeof held === 'string' && held.toLowerCase() === role);
}

function matchesAttribute(left: string, match: Template, { target, credentials }: Evaluation): Verdict {
  const wanted = fillTemplate(match, target);
  if (wanted === null) return null;
  const literal = literalText(left);
  if (literal !== null) return literal === wanted;
  // A caller without a project must not own what has no project: theirs compares 'None' with 'None' and finds them equal.
  const nullMatches = isConstant(match);
  return findInPath(credentials, left.split('.'), (value) =>
    value === null ? nullMatches && wanted === 'None' : pythonText(value) === wanted,
  );
}

/** A list on the way, or at its end, matches if any of its members does; null if the path leads nowhere. */
function findInPath(value: unknown, path: readonly string[], matches: (value: unknown) => boolean): Verdict {
  if (Array.isArray(value)) return anyOf(value, (member) => findInPath(member, path, matches));
  const [key, ...rest] = path;
  if (key === undefined) return matches(value);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
  return findInPath((value as Readonly<Record<string, unknown>>)[key], rest, matches);
}
