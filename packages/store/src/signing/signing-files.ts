import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { Authorities, nameIn, parseCertificates } from './authorities.js';
import { algorithmOf } from './jws.js';
import { SignatureError } from './signature-error.js';

/** Where certificates and keys are. */
export interface SigningPaths {
  /** Each may hold several. */
  readonly caFiles: readonly string[];
  /** Our own; absent for who only reads. */
  readonly own?: { readonly certFile: string; readonly keyFile: string };
}

export interface OwnKey {
  readonly key: KeyObject;
  /** PEM; goes with each value that is signed. */
  readonly certificate: string;
  readonly commonName: string;
  /** ms since the epoch */
  readonly notAfter: number;
}

export interface SigningMaterial {
  readonly authorities: Authorities;
  readonly own: OwnKey | null;
  /** Of all that was read: another one means that something has changed. */
  readonly fingerprint: string;
}

/**
 * Reads and checks the files.
 * @param read the text of a file
 * @param now ms since the epoch
 * @throws SignatureError that names the file, and has nothing of a key in it
 */
export function readSigningMaterial(
  { caFiles, own }: SigningPaths,
  read: (file: string) => string,
  now: number,
): SigningMaterial {
  const texts = caFiles.map((file) => textOf(file, read));
  const all = texts.flatMap((text, index) => inFile(caFiles[index] ?? '', () => parseCertificates(text)));
  const authorities = inFile(caFiles.join(', '), () => new Authorities(all));
  if (own === undefined) return { authorities, own: null, fingerprint: texts.join('\n') };
  const [cert, key] = [textOf(own.certFile, read), textOf(own.keyFile, read)];
  return {
    authorities,
    own: ownKey(own, cert, key, authorities, now),
    fingerprint: [...texts, cert, key].join('\n'),
  };
}

function ownKey(
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  cert: string,
  keyText: string,
  authorities: Authorities,
  now: number,
): OwnKey {
  const certificate = inFile(certFile, () => {
    const [first] = parseCertificates(cert);
    if (first === undefined) throw new SignatureError('certificate', 'there is no certificate');
    // What we would not believe of others nobody would believe of us.
    authorities.signer(pemOf(first), now);
    return first;
  });
  const key = inFile(keyFile, () => {
    try {
      return createPrivateKey(keyText);
    } catch {
      // What the parser says may be about the key's insides.
      throw new SignatureError('certificate', 'there is no private key in PEM without a password');
    }
  });
  inFile(keyFile, () => algorithmOf(key));
  if (!certificate.checkPrivateKey(key)) {
    const problem = `signing: ${keyFile} is not the key of the certificate in ${certFile}`;
    throw new SignatureError('certificate', problem);
  }
  return {
    ...{ key, certificate: pemOf(certificate), commonName: nameIn(certificate) ?? '' },
    notAfter: Date.parse(certificate.validTo),
  };
}

const pemOf = (certificate: X509Certificate): string => certificate.toString();

function textOf(file: string, read: (file: string) => string): string {
  try {
    return read(file);
  } catch (cause) {
    throw new SignatureError('certificate', `signing: ${file} cannot be read`, { cause });
  }
}

function inFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new SignatureError(error.refusal, `signing: ${file}: ${error.message}`, { cause: error });
  }
}
