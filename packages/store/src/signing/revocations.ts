import { SignatureError } from './signature-error.js';

/** Certificates that are not believed any more, though an authority of ours has signed them and their time has not run out. */
export interface Revocations {
  /** Common names: all certificates of somebody. */
  readonly names: ReadonlySet<string>;
  /** Serial numbers, as {@link serialOf} writes them; of whichever authority. */
  readonly serials: ReadonlySet<string>;
}

export const nothingRevoked: Revocations = { names: new Set(), serials: new Set() };

/**
 * Reads the operator's list: a line is `name <common name>` or `serial <hexadecimal number>`; empty lines and what follows a # do
 * not count. A line that is neither refuses the whole list: it was meant to revoke something.
 * @throws SignatureError that names the line
 */
export function parseRevocations(text: string): Revocations {
  const [names, serials] = [new Set<string>(), new Set<string>()];
  for (const [index, line] of text.split('\n').entries()) {
    const wanted = line.replace(/#.*/, '').trim();
    if (wanted === '') continue;
    const [kind, value = '', ...more] = wanted.split(/\s+/);
    if (kind === 'name' && value !== '' && more.length === 0) names.add(value);
    else if (kind === 'serial' && /^[0-9a-f:]*[0-9a-f]$/i.test(value) && more.length === 0)
      serials.add(serialOf(value));
    else
      throw new SignatureError(
        'certificate',
        `line ${index + 1} is neither "name" and a common name, nor "serial" and a hexadecimal number`,
      );
  }
  return { names, serials };
}

/** One way of writing a serial number, which OpenSSL writes in several. */
export const serialOf = (text: string): string =>
  text
    .replaceAll(':', '')
    .toUpperCase()
    .replace(/^0+(?=.)/, '');

export const isRevoked = ({ names, serials }: Revocations, commonName: string, serial: string): boolean =>
  names.has(commonName) || serials.has(serialOf(serial));
