import type { Check } from './check.js';
import { type Token, tokenize } from './lexer.js';
import { RuleSyntaxError } from './policy-error.js';
import { parseTemplate } from './template.js';

/** Deeper rules are nobody's intent, and recursion needs an end. */
const maxDepth = 100;
const maxLength = 65_536;

/**
 * A rule in oslo.policy's language: a text, or the old list of lists (outer list "or", inner lists "and").
 * An empty text or list lets everybody in, as there.
 * @throws RuleSyntaxError where oslo.policy would log "Failed to understand rule" and deny for ever
 */
export function parseRule(rule: unknown): Check {
  if (typeof rule === 'string') return parseText(rule);
  if (Array.isArray(rule)) return parseList(rule);
  throw new RuleSyntaxError(
    rule === null
      ? 'the rule is empty; write "@" to let everybody in or "!" to let nobody in'
      : 'a rule is a text or a list of lists of texts',
    null,
  );
}

function parseText(text: string): Check {
  if (text === '') return { kind: 'always' };
  if (text.length > maxLength) throw new RuleSyntaxError(`the rule is longer than ${maxLength} characters`, null);
  const parser = new Parser(tokenize(text), text.length);
  const check = parser.or(0);
  parser.expectEnd();
  return check;
}

class Parser {
  #next = 0;

  constructor(
    readonly tokens: readonly Token[],
    readonly length: number,
  ) {}

  or(depth: number): Check {
    return this.#chain('or', () => this.#and(depth));
  }

  expectEnd(): void {
    const token = this.tokens[this.#next];
    if (token === undefined) return;
    throw new RuleSyntaxError(
      token.kind === ')' ? 'a ")" without its "("' : `"and" or "or" is missing before ${quote(token)}`,
      token.offset,
    );
  }

  #and(depth: number): Check {
    return this.#chain('and', () => this.#not(depth));
  }

  #chain(kind: 'and' | 'or', operand: () => Check): Check {
    const first = operand();
    const checks = [first];
    while (this.tokens[this.#next]?.kind === kind) {
      this.#next++;
      checks.push(operand());
    }
    return checks.length === 1 ? first : { kind, checks };
  }

  #not(depth: number): Check {
    const token = this.tokens[this.#next];
    if (depth > maxDepth) throw new RuleSyntaxError(`nested deeper than ${maxDepth}`, token?.offset ?? this.length);
    if (token?.kind === 'not') {
      this.#next++;
      return { kind: 'not', check: this.#not(depth + 1) };
    }
    return this.#primary(token, depth);
  }

  #primary(token: Token | undefined, depth: number): Check {
    if (token?.kind === 'check') {
      this.#next++;
      return parseCheck(token.text, token.offset);
    }
    if (token?.kind === '(') {
      this.#next++;
      const inner = this.or(depth + 1);
      if (this.tokens[this.#next]?.kind === ')') {
        this.#next++;
        return inner;
      }
      const found = this.tokens[this.#next];
      if (found === undefined) throw new RuleSyntaxError('this "(" has no ")"', token.offset);
      throw new RuleSyntaxError(`"and", "or" or ")" is missing before ${quote(found)}`, found.offset);
    }
    throw new RuleSyntaxError(
      token === undefined ? 'the rule ends where a check is expected' : `a check is expected, not ${quote(token)}`,
      token?.offset ?? this.length,
    );
  }
}

function quote(token: Token): string {
  return `"${token.kind === 'check' ? token.text : token.kind}"`;
}

/** One `kind:match`, `@` or `!`. */
function parseCheck(text: string, offset: number): Check {
  if (text === '@') return { kind: 'always' };
  if (text === '!') return { kind: 'never' };
  if (/^(["']).*\1$/.test(text) && text.length >= 2) {
    throw new RuleSyntaxError(
      'a quoted text alone is not a check; quotes belong to the left side of a ":" only',
      offset,
    );
  }
  const colon = text.indexOf(':');
  if (colon < 0) throw new RuleSyntaxError(`"${text}" is not a check such as "role:member" or "rule:owner"`, offset);
  if (colon === 0) throw new RuleSyntaxError('nothing stands before ":"', offset);
  const left = text.slice(0, colon);
  const right = text.slice(colon + 1);
  const rightOffset = offset + colon + 1;
  switch (left) {
    case 'rule':
      if (right === '') throw new RuleSyntaxError('"rule:" names no rule', offset);
      return { kind: 'rule', name: right };
    case 'role':
      return { kind: 'role', match: parseTemplate(right, rightOffset) };
    case 'field':
      return parseField(right, rightOffset);
    case 'http':
    case 'https':
      throw new RuleSyntaxError(`${left} checks, which ask another server, are not supported here`, offset);
    default:
      return { kind: 'attribute', left, match: parseTemplate(right, rightOffset) };
  }
}

/** Neutron's own `field:<resources>:<field>=<value>`; its form with a regular expression (`=~`) has no use for taps. */
function parseField(text: string, offset: number): Check {
  const parts = /^([^:]+):([^=]+)=([^~].*|)$/.exec(text);
  if (parts?.[1] === undefined || parts[2] === undefined) {
    throw new RuleSyntaxError(
      'a field check is "field:<resources>:<field>=<value>", without regular expression',
      offset,
    );
  }
  return { kind: 'field', resource: parts[1], field: parts[2], value: parts[3] ?? '' };
}

function parseList(rule: readonly unknown[]): Check {
  if (rule.length === 0) return { kind: 'always' };
  const alternatives = rule
    .map((inner) => (Array.isArray(inner) ? inner : [inner]))
    .filter((inner) => inner.length > 0)
    .map((inner) => joined('and', inner.map(parseListItem)));
  return alternatives.length === 0 ? { kind: 'never' } : joined('or', alternatives);
}

function joined(kind: 'and' | 'or', checks: readonly Check[]): Check {
  const [first] = checks;
  return checks.length === 1 && first !== undefined ? first : { kind, checks };
}

function parseListItem(item: unknown): Check {
  if (typeof item === 'string') return parseCheck(item, 0);
  throw new RuleSyntaxError('the inner lists of a rule hold texts', null);
}
