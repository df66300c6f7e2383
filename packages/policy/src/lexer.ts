export type Token =
  | { readonly kind: '(' | ')' | 'and' | 'or' | 'not'; readonly offset: number }
  | { readonly kind: 'check'; readonly text: string; readonly offset: number };

/**
 * Splits a rule into tokens as oslo.policy does: at white space; parentheses count only at a word's ends, because
 * `%(project_id)s` has some inside; `and`, `or`, `not` in any case.
 */
export function tokenize(rule: string): Token[] {
  return [...rule.matchAll(/\S+/g)].flatMap((word) => tokensOfWord(word[0], word.index));
}

function tokensOfWord(word: string, offset: number): Token[] {
  let [start, end] = [0, word.length];
  while (word[start] === '(') start += 1;
  // Not by a regular expression, which would try each parenthesis anew.
  while (end > start && word[end - 1] === ')') end -= 1;
  const [leading, inner, trailing] = [start, word.slice(start, end), word.length - end];
  const tokens: Token[] = [];
  for (let i = 0; i < leading; i++) tokens.push({ kind: '(', offset: offset + i });
  if (inner !== '') tokens.push(wordToken(inner, offset + leading));
  for (let i = 0; i < trailing; i++) tokens.push({ kind: ')', offset: offset + leading + inner.length + i });
  return tokens;
}

function wordToken(text: string, offset: number): Token {
  const lower = text.toLowerCase();
  if (lower === 'and' || lower === 'or' || lower === 'not') return { kind: lower, offset };
  return { kind: 'check', text, offset };
}
