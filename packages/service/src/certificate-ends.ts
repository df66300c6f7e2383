import { X509Certificate } from 'node:crypto';
import type { NamedFile } from './named-file.js';

/** A certificate that a program reads from a file, and when it is of no use any more. */
export interface CertificateEnd {
  /** What it is, and the option that names its file. */
  readonly what: string;
  /** That option alone, or the first of several. */
  readonly option: string;
  /** In milliseconds since 1970. */
  readonly ends: number;
}

const pem = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * When what these files hold ends: a chain, which comes with its key, with the first of its certificates; authorities with the last of
 * them, since one that has ended beside its successor is as it should be.
 * @returns null if there is no certificate in them
 */
export function certificateEnd(
  what: string,
  files: readonly NamedFile[],
  contents: readonly Buffer[],
): CertificateEnd | null {
  const ends = contents.flatMap((content) => (content.toString('latin1').match(pem) ?? []).flatMap(endOf));
  if (ends.length === 0) return null;
  const isOwn = files.some(({ secret }) => secret === true);
  const option = files[0]?.option ?? '';
  return {
    what: option === '' ? what : `${what} (${option})`,
    option,
    ends: isOwn ? Math.min(...ends) : Math.max(...ends),
  };
}

function endOf(text: string): number[] {
  try {
    return [Date.parse(new X509Certificate(text).validTo)];
  } catch {
    // Whoever reads the file says what is wrong with it.
    return [];
  }
}
