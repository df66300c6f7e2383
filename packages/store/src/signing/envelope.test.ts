import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authorities, parseCertificates } from './authorities.js';
import { readSealed, seal, unseal } from './envelope.js';
import { signJws } from './jws.js';
import { matchesAny } from './name-pattern.js';
import { signedByNetworkingVpp } from './networking-vpp-value.suite.js';
import { CertificateMaker, type MadeCertificate } from './signing-certificates.suite.js';

const key = '/networking-vpp/state/node-a/taas/tap_flows/x';
const day = 24 * 3_600_000;

let directory: string;
let maker: CertificateMaker;
let authority: MadeCertificate;
let authorities: Authorities;
let node: MadeCertificate;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'taas-signing-'));
  maker = new CertificateMaker(directory);
  authority = maker.authority('ca');
  node = maker.certificate('node-a');
  authorities = new Authorities(parseCertificates(authority.cert));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const by = (made: MadeCertificate) => ({ key: createPrivateKey(made.key), certificate: made.cert });
const needed = (name: string) => ({ who: `node ${name}`, isName: (each: string) => each === name });

function open(text: string, at = key, name = 'node-a', now = Date.now(), trusted = authorities): string {
  try {
    return unseal(at, text, needed(name), trusted, now).value;
  } catch (error) {
    return `refused: ${(error as { refusal?: string }).refusal}: ${(error as Error).message}`;
  }
}

describe('a signed value', () => {
  it.each(['ec', 'rsa:2048'] as const)('is read back by whoever trusts the authority (%s)', (kind) => {
    const made = maker.certificate('node-a', { kind });
    const sealed = seal(key, '{"v":1,"reason":"ä"}', 7, by(made));
    expect(open(sealed)).toBe('{"v":1,"reason":"ä"}');
    expect(unseal(key, sealed, needed('node-a'), authorities, Date.now()).seen).toBe(7);
  });

  it('counts at its own key alone', () => {
    const sealed = seal(key, '{"v":1}', 1, by(node));
    expect(open(sealed, `${key}y`)).toMatch(/^refused: path/);
  });

  it('counts for the node alone whose certificate it is', () => {
    const sealed = seal(key, '{"v":1}', 1, by(maker.certificate('node-b')));
    expect(open(sealed)).toMatch(/^refused: signer: is signed by node-b, and not by node node-a/);
    // Nor does a subject that begins, or ends, with the name.
    for (const subject of ['/CN=node-a.evil', '/CN=node-b/CN=node-a', '/O=node-a', '/CN=node-b\\, CN=node-a'])
      expect(open(seal(key, '{"v":1}', 1, by(maker.certificate('twin', { subject }))))).toMatch(
        /^refused: (signer|certificate)/,
      );
  });

  it('is refused when a byte of it is another', () => {
    const sealed = readSealed(seal(key, '{"v":1,"status":"DOWN"}', 1, by(node)));
    const [header, , signature] = sealed?.jwt.split('.') ?? [];
    const payload = Buffer.from(JSON.stringify({ version: 1, value: { v: 1, status: 'ACTIVE' }, path: key }));
    const jwt = [header, payload.toString('base64url'), signature].join('.');
    expect(open(JSON.stringify({ ...sealed, jwt }))).toMatch(/^refused: signature/);
  });

  it.each([
    ['nothing', '{"v":1}'],
    ['no JSON', '"certificate"'],
    ['an empty token', JSON.stringify({ jwt: '', certificate: '' })],
    ['numbers', JSON.stringify({ jwt: 1, certificate: 2 })],
  ])('is not what has %s for a signature', (_, text) => {
    expect(open(text)).toMatch(/^refused: (unsigned|certificate)/);
  });

  it('is not believed by an algorithm that the key is not for', () => {
    const encode = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
    const payload = encode({ version: 1, value: {}, path: key });
    const good = signJws(JSON.stringify({ version: 1, value: {}, path: key }), createPrivateKey(node.key)).split('.');
    for (const jwt of [
      `${encode({ alg: 'none' })}.${payload}.`,
      `${encode({ alg: 'HS256' })}.${payload}.${good[2]}`,
      `${encode({ alg: 'ES256', crit: ['x'] })}.${good[1]}.${good[2]}`,
    ])
      expect(open(JSON.stringify({ jwt, certificate: node.cert }))).toMatch(/^refused: signature/);
  });
});

describe('a certificate', () => {
  const sealedBy = (made: MadeCertificate) => open(seal(key, '{"v":1}', 1, by(made)));

  it('is refused of an authority that is not named, also if it has the name of one that is', () => {
    maker.authority('other', '/CN=ca');
    const usual = ['basicConstraints=CA:FALSE', 'keyUsage=digitalSignature'];
    // Without identifiers of keys only the signature tells the one from the other.
    for (const extensions of [usual, [...usual, 'subjectKeyIdentifier=none', 'authorityKeyIdentifier=none']])
      expect(sealedBy(maker.certificate('node-a', { authority: 'other', extensions }))).toMatch(
        /not signed by an authority of ours/,
      );
  });

  it('is refused before and after its time, and after that of its authority', () => {
    const sealed = seal(key, '{"v":1}', 1, by(maker.certificate('node-a', { days: 5 })));
    expect(open(sealed, key, 'node-a', Date.now() + 4 * day)).toBe('{"v":1}');
    expect(open(sealed, key, 'node-a', Date.now() + 6 * day)).toMatch(/not valid now/);
    expect(open(sealed, key, 'node-a', Date.now() - day)).toMatch(/not valid now/);
    const outlives = seal(key, '{"v":1}', 1, by(maker.certificate('node-a', { days: 90 })));
    expect(open(outlives, key, 'node-a', Date.now() + 31 * day)).toMatch(/not valid now/);
  });

  it('is refused when it is not for signatures, or is an authority itself, or its key is weak or of another kind', () => {
    const usage = (...extensions: string[]) => sealedBy(maker.certificate('node-a', { extensions }));
    expect(usage('keyUsage=critical,keyEncipherment')).toMatch(/not for signatures/);
    expect(usage('basicConstraints=CA:TRUE')).toMatch(/authority's/);
    expect(usage('extendedKeyUsage=codeSigning')).toBe('{"v":1}');
    expect(() => seal(key, '{}', 1, by(maker.certificate('node-a', { kind: 'ec384' })))).toThrow(/P-256/);
    expect(() => seal(key, '{}', 1, by(maker.certificate('node-a', { kind: 'rsa:1024' })))).toThrow(/2048/);
  });

  it('makes nobody an authority whose certificate is none', () => {
    expect(() => new Authorities(parseCertificates(node.cert))).toThrow(/no authority/);
    const signsNothing = maker.certificate('half', { extensions: ['basicConstraints=CA:TRUE', 'keyUsage=cRLSign'] });
    expect(() => new Authorities(parseCertificates(signsNothing.cert))).toThrow(/no authority/);
  });

  it('may be of either of two authorities while one takes the place of the other', () => {
    const next = maker.authority('next');
    const both = new Authorities(parseCertificates(`${authority.cert}\n${next.cert}`));
    const late = maker.certificate('node-a', { authority: 'next' });
    for (const made of [node, late])
      expect(open(seal(key, '{"v":1}', 1, by(made)), key, 'node-a', Date.now(), both)).toBe('{"v":1}');
  });
});

describe("networking-vpp's own signature", () => {
  const { key: at, jwt, certificate, authority: pem, value } = signedByNetworkingVpp;
  const trusted = new Authorities(parseCertificates(pem));
  const text = JSON.stringify({ jwt, certificate });
  const then = Date.parse('2026-01-01');

  it('is believed of the name that signs, for its key, in its time', () => {
    expect(JSON.parse(open(text, at, 'etcd2', then, trusted))).toEqual(value);
    expect(open(text, at, 'etcd3', then, trusted)).toMatch(/^refused: signer/);
    expect(open(text, at.replace('compute-1', 'compute-2'), 'etcd2', then, trusted)).toMatch(/^refused: path/);
    expect(open(text, at, 'etcd2', Date.parse('2027-04-01'), trusted)).toMatch(/not valid now/);
    expect(open(text, at, 'etcd2', then, authorities)).toMatch(/not signed by an authority of ours/);
  });
});

it.each([
  ['a*', 'abc', true],
  ['a*c', 'abc', true],
  ['a*c', 'ac', true],
  ['ab*bc', 'abc', false],
  ['*', '', true],
  ['a', 'abc', false],
  ['*b*', 'abc', true],
  ['a.c', 'abc', false],
])('the pattern %s and the name %s: %s', (pattern, name, fits) => {
  expect(matchesAny([pattern], name)).toBe(fits);
});
