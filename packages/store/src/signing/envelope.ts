import type { KeyObject } from 'node:crypto';
import type { Authorities, Signer } from './authorities.js';
import { openJws, signJws } from './jws.js';
import { SignatureError } from './signature-error.js';

/**
 * A signed value as networking-vpp writes it (jwt_agent.py): `{"jwt": token, "certificate": PEM}`, where the token's payload is
 * `{"version": 1, "value": the value, "path": the key}`, so that a value counts at its own key alone. Ours say besides in
 * `seen` up to which revision the writer had seen the store, by which an old value that is put back is told from a new one.
 */
export interface SignedValue {
  readonly jwt: string;
  readonly certificate: string;
}

export interface Opened {
  /** JSON, as the writer had it. */
  readonly value: string;
  readonly seen: number | null;
  readonly signer: Signer;
}

/** Whose signature a value needs. */
export interface NeededSigner {
  /** For the message: `the server`. */
  readonly who: string;
  readonly isName: (commonName: string) => boolean;
}

/** @param value JSON */
export function seal(key: string, value: string, seen: number, by: { key: KeyObject; certificate: string }): string {
  const payload = `{"version":1,"value":${value},"path":${JSON.stringify(key)},"seen":${seen}}`;
  return JSON.stringify({ jwt: signJws(payload, by.key), certificate: by.certificate } satisfies SignedValue);
}

/** @returns null if the text is no signed value at all */
export function readSealed(text: string): SignedValue | null {
  // Most of what is not signed is recognized without being read.
  if (!text.includes('"certificate"')) return null;
  const json = parse(text);
  if (!isObject(json)) return null;
  const { jwt, certificate } = json;
  return typeof jwt === 'string' && typeof certificate === 'string' ? { jwt, certificate } : null;
}

/**
 * @param now ms since the epoch
 * @throws SignatureError unless one of those who are needed has signed this value for this key
 */
export function unseal(key: string, text: string, needed: NeededSigner, authorities: Authorities, now: number): Opened {
  const sealed = readSealed(text);
  if (sealed === null) throw new SignatureError('unsigned', `is not signed, and ${needed.who} signs it`);
  const signer = authorities.signer(sealed.certificate, now);
  if (!needed.isName(signer.commonName))
    throw new SignatureError('signer', `is signed by ${signer.commonName}, and not by ${needed.who}`);
  const payload = parse(openJws(sealed.jwt, signer.publicKey));
  if (!isObject(payload) || payload['version'] !== 1 || !('value' in payload))
    throw new SignatureError('signature', 'is signed in another form than version 1');
  if (payload['path'] !== key) throw new SignatureError('path', 'is signed for another key');
  const { seen } = payload;
  return { value: JSON.stringify(payload['value']), seen: typeof seen === 'number' ? seen : null, signer };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
