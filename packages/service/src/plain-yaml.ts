import {
  type Document,
  isAlias,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseDocument,
  visit,
} from 'yaml';

/** Text that is not the plain kind of YAML: every problem at once, each with its line. */
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

/**
 * Reads one document of maps, lists and values that mean what they look like. Refused is whatever the parser warns of, and
 * what makes a value another than the one that its reader sees: tags (an unquoted `!` is one), anchors, aliases, merge keys.
 * @param uniqueKeys whether a key that stands twice in a map is a problem
 * @throws YamlError
 */
export function readPlainYaml(text: string, { uniqueKeys = true } = {}): PlainYaml {
  const lines = new LineCounter();
  const lineOf = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, uniqueKeys, logLevel: 'error', prettyErrors: false });
  } catch (cause) {
    // Thousands of nested brackets exhaust the parser's stack.
    throw new YamlError([{ line: 1, message: 'cannot be parsed: it is nested too deep' }], { cause });
  }
  const told = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    line: lineOf(pos[0]),
    message: `not YAML: ${message.split('\n')[0] ?? ''}`,
  }));
  const problems = [...told, ...surprises(document, lineOf)].sort((a, b) => a.line - b.line);
  if (problems.length > 0) throw new YamlError(problems);
  return { contents: document.contents, value: document.toJS(), lineOf };
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
