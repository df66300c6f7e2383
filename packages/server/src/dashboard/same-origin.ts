import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page of this very server has sent a request, by what browsers say themselves. Who says nothing is no page of another
 * origin, as long as nothing is to be changed: a browser names the origin of every request that could change something.
 */
export function isSameOrigin(method: string, headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin } = headers;
  if (origin === undefined) return method === 'GET' || method === 'HEAD';
  return hostOf(origin) !== null && hostOf(origin) === headers.host?.toLowerCase();
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null; // "null", as browsers say where an origin is nobody's.
  }
}
