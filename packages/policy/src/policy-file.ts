import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
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
 * `createPolicy`, which knows which of them matter.
 * @param file the name for error messages
 * @throws PolicyError if the text is not such a map
 */
export function loadPolicyFile(text: string, file = 'policy.yaml'): RuleOverride[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number): string => `${file} line ${lines.linePos(offset).line}`;
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw fileError(at(broken.pos[0]), `not YAML: ${broken.message.split('\n')[0] ?? ''}`, broken);
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return [];
  if (!isMap(document.contents)) throw fileError(file, 'must be a map of rule names to rules');
  return document.contents.items.map((pair) => {
    const key = isScalar(pair.key) ? pair.key : null;
    const source = at(key?.range?.[0] ?? 0);
    if (typeof key?.value !== 'string') throw fileError(source, 'the name of a rule must be a text');
    return { name: key.value, rule: plain(pair.value, document), source };
  });
}

function plain(value: unknown, document: ReturnType<typeof parseDocument>): unknown {
  const node = value as { toJS?: (document: unknown) => unknown } | null;
  return node?.toJS === undefined ? value : node.toJS(document);
}

function fileError(source: string, message: string, cause?: unknown): PolicyError {
  return new PolicyError([{ rule: '', source, character: null, message }], { cause });
}
