import { type KeyObject, X509Certificate } from 'node:crypto';
import { keyUsageOf } from './key-usage.js';
import { isRevoked, nothingRevoked, type Revocations } from './revocations.js';
import { SignatureError } from './signature-error.js';

/** Who has signed, as an authority of ours certifies. */
export interface Signer {
  readonly commonName: string;
  readonly publicKey: KeyObject;
}

interface Known extends Signer {
  /** Within both its own and its authority's time, in ms since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A cloud has a certificate a node and a few servers; whoever writes more than this makes us look at each anew. */
const maxKnown = 10_000;
/** Characters of a certificate in PEM: an RSA key of 16,384 bits needs 6,000. */
const maxPemLength = 16_384;

const pemPattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in a PEM text. @throws SignatureError when there is none, or one that is broken */
export function parseCertificates(pem: string): X509Certificate[] {
  const found = pem.match(pemPattern) ?? [];
  if (found.length === 0) throw new SignatureError('certificate', 'there is no certificate in PEM');
  return found.map((text) => {
    try {
      return new X509Certificate(text);
    } catch (cause) {
      throw new SignatureError('certificate', 'the certificate cannot be read', { cause });
    }
  });
}

/** The authorities whose certificates are believed: each one that is named, and no others above or below it. */
export class Authorities {
  readonly #known = new Map<string, Known>();

  /** @throws SignatureError for a certificate that is no authority's */
  constructor(
    private readonly authorities: readonly X509Certificate[],
    private readonly revoked: Revocations = nothingRevoked,
  ) {
    for (const each of authorities) {
      if (!each.ca || keyUsageOf(each.raw)?.keyCertSign === false)
        throw new SignatureError('certificate', `the certificate of ${nameIn(each) ?? 'somebody'} is no authority's`);
    }
  }

  /**
   * Who a certificate is of. Its signature by one of the authorities, its dates, what it may be used for, and whether the operator
   * has revoked it are checked; lists of the authority's own (CRL, OCSP) are not asked.
   * @param pem the first certificate in it counts
   * @param now ms since the epoch
   * @throws SignatureError
   */
  signer(pem: string, now: number): Signer {
    const known = this.#known.get(pem) ?? this.#look(pem);
    if (now < known.notBefore || now > known.notAfter)
      throw new SignatureError('certificate', `the certificate of ${known.commonName} is not valid now`);
    return known;
  }

  #look(pem: string): Known {
    if (pem.length > maxPemLength) throw new SignatureError('certificate', 'the certificate is too long');
    const certificate = firstOf(parseCertificates(pem));
    const commonName = nameIn(certificate);
    if (commonName === null) throw new SignatureError('certificate', 'the certificate has not one common name');
    const refuse = (why: string) => new SignatureError('certificate', `the certificate of ${commonName} ${why}`);
    // An authority's certificate names an authority, whatever its common name is.
    if (certificate.ca) throw refuse("is an authority's");
    if (keyUsageOf(certificate.raw)?.digitalSignature === false) throw refuse('is not for signatures');
    const issuer = this.authorities.find((each) => certificate.checkIssued(each) && certificate.verify(each.publicKey));
    if (issuer === undefined) throw refuse('is not signed by an authority of ours');
    if (isRevoked(this.revoked, commonName, certificate.serialNumber))
      throw new SignatureError('revoked', `the certificate of ${commonName} is revoked`);
    const known = {
      commonName,
      publicKey: certificate.publicKey,
      notBefore: Math.max(Date.parse(certificate.validFrom), Date.parse(issuer.validFrom)),
      notAfter: Math.min(Date.parse(certificate.validTo), Date.parse(issuer.validTo)),
    };
    if (Number.isNaN(known.notBefore) || Number.isNaN(known.notAfter)) throw refuse('has no dates');
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(pem, known);
    return known;
  }
}

function firstOf(certificates: readonly X509Certificate[]): X509Certificate {
  const [first] = certificates;
  if (first === undefined) throw new SignatureError('certificate', 'there is no certificate');
  return first;
}

/** The common name; null if there is none, or more than one: nobody could say which is meant. */
export function nameIn(certificate: X509Certificate): string | null {
  const name: unknown = (certificate.toLegacyObject().subject as { readonly CN?: unknown } | undefined)?.CN;
  return typeof name === 'string' && name !== '' && name.length <= 255 ? name : null;
}
