import type { IncomingHttpHeaders } from 'node:http';

/** Headers that are about one connection and not about the request (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers to pass on, without those that are about the connection or that `connection` names. */
export function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set(
    String(headers.connection ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase()),
  );
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    // A body's length goes with the body, whatever `connection` says of it.
    if (value === undefined || hopByHop.has(name) || (named.has(name) && name !== 'content-length')) continue;
    kept[name] = value;
  }
  return kept;
}
