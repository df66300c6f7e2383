import type { ResourceKind } from '@taas/model';

/** What a request's path names. */
export type Target =
  | { readonly is: 'resource'; readonly kind: ResourceKind; readonly id: string | null }
  /** Under the API's root, but nothing there. */
  | { readonly is: 'unknown' }
  /** Not the API's at all. */
  | { readonly is: 'outside' };

/**
 * Reads a path as Neutron's routing does: percent-decoded, doubled slashes squeezed, a trailing slash dropped, `.json`
 * dropped, `-` for `_` in the collection, and `/v2.0/tap_services` without `taas` too. The one place that knows spellings.
 */
export function requestTarget(rawPath: string): Target {
  let path: string;
  try {
    path = decodeURIComponent(rawPath);
  } catch {
    return { is: 'outside' }; // A broken percent-encoding names nothing.
  }
  const [version, ...rest] = path.split('/').filter((part) => part !== '');
  if (version !== 'v2.0') return { is: 'outside' };
  if (rest[0] === 'taas') rest.shift();
  const last = rest.length - 1;
  rest[last] = rest[last]?.replace(/\.json$/, '') ?? '';
  const [collection, id, ...more] = rest;
  const kind = collection?.replaceAll('-', '_');
  if (more.length > 0 || (kind !== 'tap_services' && kind !== 'tap_flows')) return { is: 'unknown' };
  return { is: 'resource', kind, id: id ?? null };
}

/** A URL's path and its query, as name-value pairs in order; a broken percent-encoding stands for itself. */
export function splitUrl(url: string): {
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
} {
  const at = url.indexOf('?');
  if (at < 0) return { path: url, query: [] };
  return { path: url.slice(0, at), query: [...new URLSearchParams(url.slice(at + 1))] };
}
