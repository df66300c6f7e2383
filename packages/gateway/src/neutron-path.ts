/** A request target's path as it was sent, without query; an absolute-form target (RFC 9112, 3.2.2) has its path in it. */
export function pathOfTarget(target: string): string {
  return target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
}

/**
 * The parts of a request target's path as Neutron's routing sees them: percent-decoded first, so that `%2F` parts too;
 * doubled and trailing slashes and the query dropped, `.json` taken off the last part. An absolute-form target counts
 * as its path. Case matters and dots are parts like others, as measured on Neutron 21.
 * @returns null if the percent-encoding is broken, which names nothing
 */
export function neutronPath(target: string): readonly string[] | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathOfTarget(target));
  } catch {
    return null;
  }
  const parts = decoded.split('/').filter((part) => part !== '');
  const last = parts.at(-1);
  if (last !== undefined) parts[parts.length - 1] = last.replace(/\.json$/, '');
  return parts;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The port that a path names, in lower case and without blanks at the end: SQLite takes an id as it is written, but
 * MariaDB's usual collation finds it in any case and with blanks behind it.
 */
export function portOfPath(parts: readonly string[] | null): string | null {
  if (parts === null || parts.length !== 3 || parts[0] !== 'v2.0' || parts[1] !== 'ports') return null;
  const id = (parts[2] ?? '').trimEnd().toLowerCase();
  return uuid.test(id) ? id : null;
}
