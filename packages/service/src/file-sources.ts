import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { FileSource } from './watched-file.js';

export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Named {
  readonly option: string;
  readonly path: string;
}

/** A password or another secret: the file's text without the line end behind it. Others must not be able to read it. */
export function secretSource(what: string, file: Named): FileSource<string> {
  return {
    what,
    files: [{ ...file, secret: true }],
    read: ([content]) => {
      const text = content?.toString('utf8').trimEnd() ?? '';
      if (text === '') throw problem(file, 'is empty');
      return text;
    },
  };
}

/** The certificates of authorities to trust, in PEM. */
export function authoritiesSource(what: string, file: Named): FileSource<Buffer> {
  return { what, files: [file], read: ([content]) => certificates(content, file) };
}

/** A certificate chain and the private key of its first certificate, which others must not be able to read. */
export function keyPairSource(what: string, certFile: Named, keyFile: Named): FileSource<KeyPair> {
  return {
    what,
    files: [certFile, { ...keyFile, secret: true }],
    read: ([certContent, key = Buffer.alloc(0)]) => {
      const cert = certificates(certContent, certFile);
      try {
        createSecureContext({ cert, key });
      } catch (cause) {
        const { code } = cause as { readonly code?: unknown };
        const why = typeof code === 'string' ? ` (${code})` : '';
        throw problem(keyFile, `is not the key of the certificate in ${certFile.path}${why}`);
      }
      return { cert, key };
    },
  };
}

/** Each of them must be one: TLS itself takes any text for a list of no authorities, and stops at the first broken one. */
function certificates(content: Buffer | undefined, file: Named): Buffer {
  const pem = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
  const found = content?.toString('latin1').match(pem) ?? [];
  if (content === undefined || found.length === 0) throw problem(file, 'does not hold a certificate in PEM');
  found.forEach((text, index) => {
    try {
      new X509Certificate(text);
    } catch {
      // What the parser says is about its own insides.
      throw problem(file, `does not hold a certificate in PEM at its place ${index + 1}`);
    }
  });
  return content;
}

function problem({ option, path }: Named, says: string): Error {
  return new Error(`option "${option}": ${path} ${says}`);
}
