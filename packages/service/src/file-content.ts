import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/**
 * A password or another secret: the text without the line end behind it.
 * @throws Error for an empty one
 */
export function secretText(content: Buffer): string {
  const text = content.toString('utf8').trimEnd();
  if (text === '') throw new Error('the file is empty');
  return text;
}

/**
 * Certificates in PEM, each of which can be read.
 * @throws Error for a file that holds none, or a broken one
 */
export function certificatesPem(content: Buffer): Buffer {
  const found = content.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw new Error('the file does not hold a certificate in PEM');
  found.forEach((pem, index) => {
    try {
      new X509Certificate(pem);
    } catch {
      // What the parser says is about its own insides.
      throw new Error(`certificate ${index + 1} of the file is broken`);
    }
  });
  return content;
}

export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * A certificate chain and the private key of its first certificate.
 * @throws Error if one of them is broken, or they do not belong together
 */
export function keyPair(cert: Buffer, key: Buffer): KeyPair {
  certificatesPem(cert);
  try {
    createPrivateKey(key);
  } catch {
    throw new Error('the key is no private key in PEM without a pass phrase');
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const { code } = cause as { readonly code?: unknown };
    throw new Error(`the key is not that of the certificate${typeof code === 'string' ? ` (${code})` : ''}`);
  }
  return { cert, key };
}
