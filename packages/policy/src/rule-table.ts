import { type Check, referredRules } from './check.js';
import { parseRule } from './parser.js';
import { describeProblem, PolicyError, type PolicyProblem, RuleSyntaxError } from './policy-error.js';
import type { RuleOverride } from './policy-file.js';
import type { RuleDefault } from './rule-default.js';
import { RuleReferences } from './rule-references.js';

/** Parsed rules that can be evaluated safely: nothing in it is broken, undefined or refers to itself. */
export interface RuleTable {
  readonly rules: ReadonlyMap<string, Check>;
  /** What is wrong with rules that no rule of this service needs: such rules deny. */
  readonly warnings: readonly string[];
}

interface Entry {
  readonly source: string;
  readonly check: Check | null;
  readonly problem: PolicyProblem | null;
}

/** The rule that oslo.policy takes for one that is not defined. */
const fallback = 'default';

/**
 * Overrides over defaults; of two with one name the last counts. A policy.yaml may be Neutron's own, with rules of
 * resources that are not ours: what is wrong with those is a warning.
 * @throws PolicyError for every problem of a rule that one of `defaults`' names needs
 */
export function buildRuleTable(defaults: readonly RuleDefault[], overrides: readonly RuleOverride[]): RuleTable {
  const entries = new Map<string, Entry>();
  for (const rule of defaults) entries.set(rule.name, parsed(rule.name, rule.check, 'built-in default'));
  for (const rule of overrides) entries.set(rule.name, parsed(rule.name, rule.rule, rule.source));

  const references = new RuleReferences(
    [...entries].map(([name, { check }]) => [name, check] as const),
    fallback,
  );
  const needed = references.neededBy(defaults.map((rule) => rule.name));
  const problems = [...entries].flatMap(([name, entry]) => problemsOf(name, entry, entries, references));
  const twice = duplicates(overrides);
  const fatal = [...problems, ...twice].filter((problem) => needed.has(problem.rule));
  fatal.push(...attributeRules(defaults, overrides));
  if (fatal.length > 0) throw new PolicyError(fatal);

  // `not rule:broken` must not let anybody in.
  const unusable = references.needing(problems.map((problem) => problem.rule));
  const rules = new Map<string, Check>();
  for (const [name, entry] of entries) {
    if (entry.check !== null && !unusable.has(name)) rules.set(name, entry.check);
  }
  const told = [...problems, ...twice, ...withoutEffect(defaults, overrides, references)].map(describeProblem);
  return { rules, warnings: [...told, ...oddities(entries, needed)] };
}

/** Names that stand more than once. What their author sees need not be what counts. */
function duplicates(overrides: readonly RuleOverride[]): PolicyProblem[] {
  const last = new Map<string, RuleOverride>();
  const found: PolicyProblem[] = [];
  for (const { name, rule, source } of overrides) {
    const before = last.get(name);
    if (before) {
      const message = `stands at ${before.source} already; the last one counts`;
      found.push({ rule: name, source, character: null, message });
    }
    last.set(name, { name, rule, source });
  }
  return found;
}

/** Neutron checks `get_tap_flow:source_port` for each attribute. Here nothing would, so that it must not look as if. */
function attributeRules(defaults: readonly RuleDefault[], overrides: readonly RuleOverride[]): PolicyProblem[] {
  const ours = new Set(defaults.map(({ name }) => name));
  const message = 'rules about single attributes are not supported here, and it would have no effect';
  return overrides
    .filter(({ name }) => name.includes(':') && ours.has(name.slice(0, name.indexOf(':'))))
    .map(({ name, source }) => ({ rule: name, source, character: null, message }));
}

/** Rules that look like ours, or are, and that nothing asks for. */
function withoutEffect(
  defaults: readonly RuleDefault[],
  overrides: readonly RuleOverride[],
  references: RuleReferences,
): PolicyProblem[] {
  const ours = new Set(defaults.map(({ name }) => name));
  const asked = defaults.filter(({ name, operations }) => operations !== undefined || isContextRule(name));
  const used = references.neededBy(asked.map(({ name }) => name));
  return [...new Map(overrides.map((rule) => [rule.name, rule])).values()].flatMap(({ name, source }) => {
    if (used.has(name) || !(ours.has(name) || resemblesOurs(name, ours))) return [];
    const message = ours.has(name)
      ? 'no rule in use refers to it, so that it has no effect'
      : 'is no rule of this service, and has no effect here';
    return [{ rule: name, source, character: null, message }];
  });
}

/** What the server asks about a caller before any resource. */
const isContextRule = (name: string): boolean => name.startsWith('context_') || name === 'service_api';

function resemblesOurs(name: string, ours: ReadonlySet<string>): boolean {
  const usual = name.normalize('NFKC').trim().toLowerCase();
  return ours.has(usual) || isContextRule(usual) || /(^|_)(tap|taas)(_|$)/.test(usual);
}

function parsed(name: string, rule: unknown, source: string): Entry {
  try {
    return { source, check: parseRule(rule), problem: null };
  } catch (error) {
    if (!(error instanceof RuleSyntaxError)) throw error;
    const character = error.offset === null ? null : error.offset + 1;
    return { source, check: null, problem: { rule: name, source, character, message: error.message } };
  }
}

function problemsOf(
  name: string,
  entry: Entry,
  entries: ReadonlyMap<string, Entry>,
  references: RuleReferences,
): PolicyProblem[] {
  if (entry.problem !== null) return [entry.problem];
  const problem = (message: string): PolicyProblem => ({ rule: name, source: entry.source, character: null, message });
  const referred = entry.check === null ? [] : referredRules(entry.check);
  const missing = entries.has(fallback) ? [] : [...new Set(referred)].filter((other) => !entries.has(other));
  const loop = references.loopThrough(name);
  return [
    ...missing.map((other) => problem(`refers to rule "${other}", which is not defined`)),
    ...(loop === null ? [] : [problem(`refers to itself: ${loop.join(' -> ')}`)]),
  ];
}

/** Not wrong, but surely not what was meant. */
function oddities(entries: ReadonlyMap<string, Entry>, needed: ReadonlySet<string>): string[] {
  return [...entries].flatMap(([name, { source, check }]) =>
    needed.has(name) && check !== null && hasQuotedMatch(check)
      ? [
          `${source}: rule "${name}": quotes after ":" are part of the compared text, so that such a check never matches`,
        ]
      : [],
  );
}

function hasQuotedMatch(check: Check): boolean {
  switch (check.kind) {
    case 'role':
    case 'attribute':
      return /^(["']).*\1$/.test(check.match.text);
    case 'not':
      return hasQuotedMatch(check.check);
    case 'and':
    case 'or':
      return check.checks.some(hasQuotedMatch);
    default:
      return false;
  }
}
