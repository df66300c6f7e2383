/**
 * The cookie's name. A browser takes one with this prefix only by TLS (or from its own machine), for this very host and its whole
 * path: no other host, and nobody on the way, can have set it.
 */
export const cookieName = '__Host-taas';

/** What randomBytes(32) looks like in base64url. */
const secretForm = /^[A-Za-z0-9_-]{43}$/;

/** The secret in a Cookie header; null if there is none that could be ours, or more than one. */
export function secretOf(header: string | undefined): string | null {
  const found = (header ?? '').split(';').flatMap((pair) => {
    const [name = '', ...value] = pair.trim().split('=');
    return name === cookieName ? [value.join('=')] : [];
  });
  const [only, ...more] = found;
  return only !== undefined && more.length === 0 && secretForm.test(only) ? only : null;
}

/** For Set-Cookie. It lives as long as the browser, or until the server ends the session. */
export const cookieWith = (secret: string): string =>
  `${cookieName}=${secret}; Path=/; Secure; HttpOnly; SameSite=Strict`;

export const cookieGone = `${cookieWith('')}; Max-Age=0`;
