import { neutronPath, pathOfTarget } from '@taas/gateway';
import { type ResourceKind, resourceKinds } from '@taas/model';

/** What a request's path names. */
export type Target =
  | { readonly is: 'resource'; readonly kind: ResourceKind; readonly id: string | null }
  | { readonly is: 'statistics'; readonly kind: ResourceKind; readonly id: string }
  | { readonly is: 'approval'; readonly kind: ResourceKind; readonly id: string }
  /** `/v2.0/`: the list of resources. */
  | { readonly is: 'index' }
  | { readonly is: 'extensions'; readonly alias: string | null }
  | { readonly is: 'quotas'; readonly project: string | null; readonly part: 'default' | 'details' | null }
  | { readonly is: 'openapi' }
  | { readonly is: 'audit' }
  /** `/v2.0/taas/nodes`. */
  | { readonly is: 'nodes' }
  | { readonly is: 'plan' }
  | { readonly is: 'events' }
  | { readonly is: 'captures'; readonly id: string | null; readonly part: null }
  | { readonly is: 'captures'; readonly id: string; readonly part: 'stream' | 'packets' | 'approve' }
  | { readonly is: 'tapped-ports'; readonly port: string | null }
  /** TaaS's own, but nothing there. */
  | { readonly is: 'unknown' }
  /** Neutron's, under the API's root. */
  | { readonly is: 'other' }
  /** Not under the API's root. */
  | { readonly is: 'outside'; readonly page: 'versions' | 'healthcheck' | null };

/**
 * What a request's URL names, its path read as Neutron's routing does; besides, `-` stands for `_` in a collection, and
 * `taas` may be left out.
 */
export function requestTarget(url: string): Target {
  const parts = neutronPath(url);
  if (parts === null) return { is: 'outside', page: null };
  const [version, ...rest] = parts;
  if (version === undefined) return { is: 'outside', page: 'versions' };
  if (version !== 'v2.0') return { is: 'outside', page: version === 'healthcheck' ? 'healthcheck' : null };
  if (rest.length === 0) return /(\/|%2f)$/i.test(pathOfTarget(url)) ? { is: 'index' } : { is: 'other' };
  const prefixed = rest[0] === 'taas';
  if (prefixed) rest.shift();
  const [collection, id, part, ...more] = rest;
  const name = collection?.replaceAll('-', '_');
  const kind = resourceKinds.find((known) => known === name);
  if (kind !== undefined) {
    if (part === undefined) return { is: 'resource', kind, id: id ?? null };
    if (id === undefined || more.length > 0) return { is: 'unknown' };
    if (part === 'approve' && kind !== 'tap_services') return { is: 'approval', kind, id };
    return part === 'statistics' ? { is: 'statistics', kind, id } : { is: 'unknown' };
  }
  if (prefixed) {
    if (name === 'captures') return captureTarget(id, part, more);
    if (name === 'tapped_ports' && part === undefined) return { is: 'tapped-ports', port: id ?? null };
    if (id !== undefined) return { is: 'unknown' };
    return name === 'openapi' || name === 'audit' || name === 'nodes' || name === 'plan' || name === 'events'
      ? { is: name }
      : { is: 'unknown' };
  }
  if (more.length > 0) return { is: 'other' };
  if (name === 'extensions' && part === undefined) return { is: 'extensions', alias: id ?? null };
  if (name === 'quotas' && (part === undefined || part === 'default' || part === 'details')) {
    return { is: 'quotas', project: id ?? null, part: part ?? null };
  }
  return { is: 'other' };
}

function captureTarget(id: string | undefined, part: string | undefined, more: readonly string[]): Target {
  if (part === undefined) return { is: 'captures', id: id ?? null, part: null };
  const isKnown = (part === 'stream' || part === 'packets' || part === 'approve') && more.length === 0;
  return id !== undefined && isKnown ? { is: 'captures', id, part } : { is: 'unknown' };
}

/** What a request is about, of a bounded number of words: for metrics. */
export function resourceOf(target: Target | undefined): string {
  switch (target?.is) {
    case 'resource':
      return target.kind;
    case 'approval':
    case 'statistics':
    case 'captures':
    case 'tapped-ports':
    case 'audit':
    case 'nodes':
    case 'plan':
    case 'events':
    case 'quotas':
    case 'extensions':
    case 'openapi':
      return target.is.replace('-', '_');
    default:
      return 'other';
  }
}

/** A URL's path and its query, as name-value pairs in order; a broken percent-encoding stands for itself. */
export function splitUrl(url: string): {
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
} {
  const at = url.indexOf('?');
  return { path: pathOfTarget(url), query: at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1))] };
}
