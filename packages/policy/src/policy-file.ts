import { readPlainYaml, YamlError } from '@taas/service';
import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { PolicyError } from './policy-error.js';

/** A rule as an operator wrote it. */
export interface RuleOverride {
  readonly name: string;
  /** Text or list of lists, not parsed yet. */
  readonly rule: unknown;
  /** `policy.yaml line 12`. */
  readonly source: string;
}

/**
 * Reads the text of a policy.yaml (a map of rule names to rules; JSON is YAML). The rules themselves are parsed by
 * `createPolicy`, which knows which of them matter; a name may stand twice.
 * @param file the name for error messages
 * @throws PolicyError if the text is not such a map, and for every value that is not what it looks like: a tag such as an
 *   unquoted `!`, an anchor, an alias, and all that the YAML parser warns of
 */
export function loadPolicyFile(text: string, file = 'policy.yaml'): RuleOverride[] {
  let yaml: ReturnType<typeof readPlainYaml>;
  try {
    yaml = readPlainYaml(text, { uniqueKeys: false });
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    const problems = cause.problems.map(({ line, message }) => fileProblem(`${file} line ${line}`, message));
    throw new PolicyError(problems, { cause });
  }
  const { contents, lineOf } = yaml;
  if (contents === null || (isScalar(contents) && contents.value === null)) return [];
  if (!isMap<ParsedNode, ParsedNode | null>(contents))
    throw new PolicyError([fileProblem(file, 'must be a map of rule names to rules')]);
  return contents.items.map(({ key, value }) => {
    const source = `${file} line ${lineOf(key.range[0])}`;
    if (!isScalar(key) || typeof key.value !== 'string')
      throw new PolicyError([fileProblem(source, 'the name of a rule must be a text')]);
    return { name: key.value, rule: ruleOf(value), source };
  });
}

/** Null for what its author has left empty: only an empty text in quotes, or "@", can be meant for everybody. */
function ruleOf(value: ParsedNode | null): unknown {
  if (isScalar(value)) return value.value === '' && !value.type?.startsWith('QUOTE') ? null : value.value;
  if (!isSeq<ParsedNode>(value)) return value === null ? null : {};
  if (value.items.length === 0) return null;
  return value.items.map((item) => (isSeq<ParsedNode>(item) ? item.items.map(plain) : plain(item)));
}

/** No text deeper than this is part of a rule. */
function plain(item: ParsedNode): unknown {
  return isScalar(item) ? item.value : null;
}

function fileProblem(source: string, message: string) {
  return { rule: '', source, character: null, message };
}
