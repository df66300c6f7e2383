import { type KeyObject, sign, verify } from 'node:crypto';
import { SignatureError } from './signature-error.js';

/**
 * JWS in its compact form (RFC 7515), with the two algorithms that keys of certificates in use have: RS256, which
 * networking-vpp writes, and ES256. Which one it is follows from the key and never from the token.
 */
type Algorithm = 'RS256' | 'ES256';

/** The least length of an RSA key, in bits. */
const leastModulus = 2048;

/** @throws SignatureError for a key of another kind, or a short one */
export function algorithmOf(key: KeyObject): Algorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= leastModulus) return 'RS256';
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256';
  throw new SignatureError('certificate', 'the key is neither RSA of 2048 bits or more nor EC of P-256');
}

const encode = (text: string): string => Buffer.from(text).toString('base64url');

/** @throws SignatureError for a key of another kind */
export function signJws(payload: string, key: KeyObject): string {
  const alg = algorithmOf(key);
  const signed = `${encode(JSON.stringify({ alg, typ: 'JWT' }))}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** @returns the payload @throws SignatureError unless the key's owner has signed it */
export function openJws(token: string, key: KeyObject): string {
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  const alg = algorithmOf(key);
  const refuse = () => new SignatureError('signature', 'the signature does not hold');
  if (more.length > 0 || signature === '' || !isHeader(header, alg)) throw refuse();
  const bytes = Buffer.from(`${header}.${payload}`);
  const held = verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  if (!held) throw refuse();
  return Buffer.from(payload, 'base64url').toString();
}

function isHeader(text: string, alg: Algorithm): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (typeof header !== 'object' || header === null) return false;
    // Whoever marks something of the header as critical means to be refused by those who do not know it.
    return 'alg' in header && header.alg === alg && !('crit' in header);
  } catch {
    return false;
  }
}
