export { defaultRules } from './defaults.js';
export type { Credentials, Target } from './evaluate.js';
export { createPolicy, type Policy, type PolicyOptions } from './policy.js';
export { PolicyError, type PolicyProblem } from './policy-error.js';
export { loadPolicyFile, type RuleOverride } from './policy-file.js';
export type { RuleDefault, Scope } from './rule-default.js';
