import { type ApiKind, apiKinds } from '@taas/model';

/** What a request's path names. */
export type Target =
  | { readonly is: 'resource'; readonly kind: ApiKind; readonly id: string | null }
  /** `/v2.0/`: the list of resources. */
  | { readonly is: 'index' }
  | { readonly is: 'extensions'; readonly alias: string | null }
  | { readonly is: 'quotas'; readonly project: string | null; readonly part: 'default' | 'details' | null }
  /** A Neutron port, whose deletion takes its taps along. */
  | { readonly is: 'port'; readonly id: string }
  | { readonly is: 'openapi' }
  /** TaaS's own, but nothing there. */
  | { readonly is: 'unknown' }
  /** Neutron's, under the API's root. */
  | { readonly is: 'other' }
  /** Not under the API's root. */
  | { readonly is: 'outside'; readonly page: 'versions' | 'healthcheck' | null };

/**
 * Reads a path as Neutron's routing does: percent-decoded, doubled slashes squeezed, a trailing slash dropped, `.json`
 * dropped, `-` for `_` in the collection, and `/v2.0/tap_services` without `taas` too. The one place that knows spellings.
 */
export function requestTarget(rawPath: string): Target {
  let path: string;
  try {
    path = decodeURIComponent(rawPath);
  } catch {
    return { is: 'outside', page: null }; // A broken percent-encoding names nothing.
  }
  const [version, ...rest] = path.split('/').filter((part) => part !== '');
  if (version === undefined) return { is: 'outside', page: 'versions' };
  if (version !== 'v2.0') return { is: 'outside', page: version === 'healthcheck' ? 'healthcheck' : null };
  if (rest.length === 0) return path.endsWith('/') ? { is: 'index' } : { is: 'other' };
  const prefixed = rest[0] === 'taas';
  if (prefixed) rest.shift();
  const last = rest.length - 1;
  if (last >= 0) rest[last] = rest[last]?.replace(/\.json$/, '') ?? '';
  const [collection, id, part, ...more] = rest;
  const name = collection?.replaceAll('-', '_');
  const kind = apiKinds.find((known) => known === name);
  if (kind !== undefined) return part === undefined ? { is: 'resource', kind, id: id ?? null } : { is: 'unknown' };
  if (prefixed) return name === 'openapi' && id === undefined ? { is: 'openapi' } : { is: 'unknown' };
  if (more.length > 0) return { is: 'other' };
  if (name === 'ports' && id !== undefined && part === undefined) return { is: 'port', id };
  if (name === 'extensions' && part === undefined) return { is: 'extensions', alias: id ?? null };
  if (name === 'quotas' && (part === undefined || part === 'default' || part === 'details')) {
    return { is: 'quotas', project: id ?? null, part: part ?? null };
  }
  return { is: 'other' };
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
