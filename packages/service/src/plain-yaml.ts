import {
  type Document,
  isAlias,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  type Pair,
  type ParsedNode,
  Parser,
  parseDocument,
  visit,
} from 'yaml';

/** Text that is not the plain kind of YAML: its first problems at once, each with its line. */
export class YamlError extends Error {
  override readonly name = 'YamlError';

  constructor(
    readonly problems: readonly YamlProblem[],
    options?: ErrorOptions,
  ) {
    super(problems.map(({ line, message }) => `line ${line}: ${message}`).join('; '), options);
  }
}

export interface YamlProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

export interface PlainYaml {
  /** The tree, to know how something was written; null for a text without content. */
  readonly contents: ParsedNode | null;
  /** As plain values; null for a text without content. */
  readonly value: unknown;
  /** The line of an offset in the text, counted from 1. */
  lineOf(offset: number): number;
}

/** Open maps, lists and their items at one place; no file of ours has more than a handful. */
const maxDepth = 64;

/**
 * Reads one document of maps, lists and values that mean what they look like. Refused is whatever the parser warns of, and
 * what makes a value another than the one that its reader sees: tags (an unquoted `!` is one), anchors, aliases, merge keys.
 * @param uniqueKeys whether a key that stands twice in a map is a problem
 * @throws YamlError
 */
export function readPlainYaml(text: string, { uniqueKeys = true } = {}): PlainYaml {
  checkDepth(text);
  const lines = new LineCounter();
  const lineOf = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const document = withoutStacks(() =>
    parseDocument(text, { lineCounter: lines, uniqueKeys, logLevel: 'error', prettyErrors: false }),
  );
  const told = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    line: lineOf(pos[0]),
    message: `not YAML: ${message.split('\n')[0] ?? ''}`,
  }));
  const problems = [...told, ...surprises(document, lineOf)].sort((a, b) => a.line - b.line);
  // One misplaced quote makes thousands of what follows; nobody reads those.
  if (problems.length > 0) throw new YamlError(problems.slice(0, 20));
  return { contents: document.contents, value: document.toJS(), lineOf };
}

/**
 * The parser makes an error for each misplaced character, and most of an error's cost is its stack: 64 kB of commas took
 * 1.2 s with stacks and takes 0.25 s without.
 */
function withoutStacks<T>(parse: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return parse();
  } finally {
    Error.stackTraceLimit = before;
  }
}

/**
 * Ends before a text that is nested deep takes seconds, or the whole process: what builds the tree calls itself, and at the
 * end of its stack the engine may abort instead of throwing. This part of the parser does not.
 * @throws YamlError
 */
function checkDepth(text: string): void {
  const parser = new Parser();
  let line = 1;
  for (const lexeme of new Lexer().lex(text)) {
    for (const _document of parser.next(lexeme)); // Only how deep it is matters.
    line += lexeme.split('\n').length - 1;
    if (parser.stack.length > maxDepth) throw new YamlError([{ line, message: 'is nested too deep' }]);
  }
}

/** Whatever is not what it looks like. */
function surprises(document: Document.Parsed, lineOf: (offset: number) => number): YamlProblem[] {
  const found: YamlProblem[] = [];
  visit(document, (_key, node) => {
    if (isPair(node)) {
      const { key } = node as Pair<ParsedNode>;
      if (isScalar(key) && key.value === '<<' && key.type === 'PLAIN')
        found.push({ line: lineOf(key.range?.[0] ?? 0), message: 'merge keys (<<) are not allowed' });
      return;
    }
    if (!isNode(node)) return;
    // The range of a node begins behind its tag, which may stand on an earlier line; its own is where people look.
    const line = lineOf(node.range?.[0] ?? 0);
    if (isAlias(node)) {
      found.push({ line, message: `aliases are not allowed: write out what "*${node.source}" stands for` });
      return;
    }
    if (node.tag !== undefined) found.push({ line, message: tagProblem(node.tag) });
    if (node.anchor !== undefined)
      found.push({ line, message: `anchors are not allowed: take away "&${node.anchor}"` });
  });
  return found;
}

function tagProblem(tag: string): string {
  const shown = tag.startsWith('tag:yaml.org,2002:') ? `!!${tag.slice('tag:yaml.org,2002:'.length)}` : tag;
  return `"${shown}" is taken for a YAML tag, since it is not in quotes; tags are not allowed: put the whole value in quotes, "!" for instance`;
}
