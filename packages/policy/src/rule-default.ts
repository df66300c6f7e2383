/** What a token is for. A token that is neither for the system nor for a domain counts as a project's. */
export type Scope = 'project' | 'domain' | 'system';

/** A rule that the service itself defines, and that policy.yaml may replace. */
export interface RuleDefault {
  readonly name: string;
  readonly check: string;
  readonly description: string;
  /** The requests that it decides about, for the documentation. */
  readonly operations?: readonly { readonly method: string; readonly path: string }[];
  /** Tokens of another scope are refused whatever the rule says; any scope if absent. */
  readonly scopes?: readonly Scope[];
}
