import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import type { Clock, FileSource, NamedFile } from '@taas/service';
import { Authorities, nameIn, parseCertificates } from './authorities.js';
import { algorithmOf } from './jws.js';
import { parseRevocations } from './revocations.js';
import { SignatureError } from './signature-error.js';

/** Where certificates and keys are. */
export interface SigningPaths {
  /** The group of options that names them: `signing`. */
  readonly at: string;
  /** Each may hold several. */
  readonly caFiles: readonly string[];
  /** Certificates that count no more; absent for none. */
  readonly revokedFile?: string;
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
}

/** The files as one source: a certificate is replaced with its key, and with the authorities by which it is checked. */
export function signingSource(
  { at, caFiles, revokedFile, own }: SigningPaths,
  clock: Clock,
): FileSource<SigningMaterial> {
  const named = (option: string, path: string): NamedFile => ({ option: `${at}.${option}`, path });
  const ca = caFiles.map((path) => named('ca_files', path));
  const revoked = revokedFile === undefined ? [] : [named('revoked_file', revokedFile)];
  const pair =
    own && ([named('cert_file', own.certFile), { ...named('key_file', own.keyFile), secret: true }] as const);
  return {
    what: `keys for signatures (${at})`,
    files: [...ca, ...revoked, ...(pair ?? [])],
    // A certificate may be written some seconds before it is valid by our clock.
    byTime: true,
    read: (contents) => {
      const texts = contents.map((content) => content.toString('utf8'));
      const certificates = ca.flatMap((file, index) => inFile(file, () => parseCertificates(texts[index] ?? '')));
      const revocations = revoked.map((file) => inFile(file, () => parseRevocations(texts[ca.length] ?? '')));
      const authorities = inFile(ca[0], () => new Authorities(certificates, revocations[0]));
      if (pair === undefined) return { authorities, own: null };
      // Ours may be revoked, and the list has to count all the same.
      const unrevoked = new Authorities(certificates);
      const [cert = '', key = ''] = texts.slice(-2);
      return { authorities, own: ownKey(pair, cert, key, unrevoked, clock.now()) };
    },
  };
}

function ownKey(
  [certFile, keyFile]: readonly [NamedFile, NamedFile],
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
  inFile(keyFile, () => {
    algorithmOf(key);
    if (!certificate.checkPrivateKey(key))
      throw new SignatureError('certificate', `this is not the key of the certificate in ${certFile.path}`);
  });
  return {
    key,
    certificate: pemOf(certificate),
    commonName: nameIn(certificate) ?? '',
    notAfter: Date.parse(certificate.validTo),
  };
}

const pemOf = (certificate: X509Certificate): string => certificate.toString();

/** @throws SignatureError that names the option and the file */
function inFile<T>(file: NamedFile | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SignatureError) || file === undefined) throw error;
    throw new SignatureError(error.refusal, `option "${file.option}": ${file.path}: ${error.message}`, {
      cause: error,
    });
  }
}
