/** A page and what it is about, as the address says behind `#/`. */
export interface Route {
  readonly page: string;
  readonly rest: readonly string[];
}

export function parseRoute(hash: string): Route {
  const [page = '', ...rest] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  return { page: page === '' ? 'taps' : page, rest };
}

export const linkTo = (...parts: readonly string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // Somebody has typed it.
  }
}
