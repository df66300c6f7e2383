/**
 * A value as Python's `str()` writes it, since rules compare texts (`is_admin:True`); null for what has no such text here
 * (undefined, lists, objects).
 */
export function pythonText(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
    case 'bigint':
      return String(value);
    default:
      return value === null ? 'None' : null;
  }
}

/**
 * The text of a Python literal on the left side of a check (`'member'`, `True`, `None`, `12`), or null if `left` is
 * none, hence a path into the credentials. oslo.policy: `ast.literal_eval`, of which only what rules use is here.
 */
export function literalText(left: string): string | null {
  const quoted = /^'([^'\\]*)'$|^"([^"\\]*)"$/.exec(left);
  if (quoted) return quoted[1] ?? quoted[2] ?? '';
  if (left === 'True' || left === 'False' || left === 'None') return left;
  return /^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/.test(left) ? left : null;
}
