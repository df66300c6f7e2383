/** One thing wrong with a rule. */
export interface PolicyProblem {
  /** The rule's name; empty if the file itself is meant. */
  readonly rule: string;
  /** Where the rule stands: `policy.yaml line 12`, `built-in default`. */
  readonly source: string;
  /** Character in the rule's text, counted from 1; null if the whole rule is meant. */
  readonly character: number | null;
  readonly message: string;
}

/** Rules that cannot be used: every problem at once. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(
    readonly problems: readonly PolicyProblem[],
    options?: ErrorOptions,
  ) {
    super(problems.map(describeProblem).join('; '), options);
  }
}

export function describeProblem(problem: PolicyProblem): string {
  const at = problem.character === null ? '' : `, character ${problem.character}`;
  const named = problem.rule === '' ? '' : ` rule "${problem.rule}"${at}:`;
  return `${problem.source}:${named} ${problem.message}`;
}

/** A rule's text that is not in the language; `offset` is counted from 0 in that text. */
export class RuleSyntaxError extends Error {
  override readonly name = 'RuleSyntaxError';

  constructor(
    message: string,
    readonly offset: number | null,
  ) {
    super(message);
  }
}
