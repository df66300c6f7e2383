import { printCheck } from './check.js';
import { type Credentials, type Evaluation, evaluate, type Target } from './evaluate.js';
import type { RuleOverride } from './policy-file.js';
import type { RuleDefault, Scope } from './rule-default.js';
import { buildRuleTable } from './rule-table.js';

export interface Policy {
  /** Whether the caller may. A rule that does not exist is `default`'s answer if that rule exists, else no. */
  check(rule: string, target: Target, credentials: Credentials): boolean;
  /** `is_admin` as Neutron finds it: `context_is_admin` with the caller as its own target. */
  isAdmin(credentials: Credentials): boolean;
  /** The rules in force, by name, in canonical text. */
  rules(): ReadonlyMap<string, string>;
  /** What an operator should know about their policy.yaml. */
  readonly warnings: readonly string[];
}

export interface PolicyOptions {
  readonly defaults: readonly RuleDefault[];
  readonly overrides?: readonly RuleOverride[];
  /** Refuse tokens of a scope that the rule is not for (oslo.policy's enforce_scope). Default: true, as there. */
  readonly enforceScope?: boolean;
}

/**
 * @throws PolicyError naming every rule that cannot be used, where it stands and what is wrong
 */
export function createPolicy({ defaults, overrides = [], enforceScope = true }: PolicyOptions): Policy {
  const { rules, warnings } = buildRuleTable(defaults, overrides);
  const scopes = new Map(defaults.map((rule) => [rule.name, rule.scopes]));
  const ruleNamed = (name: string) => rules.get(name) ?? rules.get('default');

  const scopeAllowed = (name: string, credentials: Credentials): boolean => {
    const allowed = enforceScope ? scopes.get(name) : undefined;
    return allowed === undefined || allowed.includes(scopeOf(credentials));
  };
  const evaluationOf = (target: Target, credentials: Credentials): Evaluation => ({
    rule: ruleNamed,
    target,
    credentials,
  });
  const check = (name: string, target: Target, credentials: Credentials): boolean => {
    const rule = ruleNamed(name);
    return rule !== undefined && scopeAllowed(name, credentials) && evaluate(rule, evaluationOf(target, credentials));
  };

  return {
    check,
    isAdmin: (credentials) => check('context_is_admin', credentials, credentials),
    rules: () => new Map([...rules].map(([name, rule]) => [name, printCheck(rule)])),
    warnings,
  };
}

/** oslo.policy's order: system, then domain, then project. */
function scopeOf(credentials: Credentials): Scope {
  if (credentials['system_scope']) return 'system';
  return credentials['domain_id'] ? 'domain' : 'project';
}
