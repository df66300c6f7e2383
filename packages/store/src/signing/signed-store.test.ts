import { X509Certificate } from 'node:crypto';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileWatch, silentLogger, systemClock } from '@taas/service';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../embedded-client.js';
import { createEmbeddedStore } from '../embedded-store.js';
import type { KeyValue, Store } from '../store.js';
import { keepSigned } from './keep-signed.js';
import { type KeyOwner, keySigners } from './key-signers.js';
import { SignatureDesk } from './signature-desk.js';
import { SignedStore } from './signed-store.js';
import { CertificateMaker, type MadeCertificate } from './signing-certificates.suite.js';
import { signingSource } from './signing-files.js';

let directory: string;
let maker: CertificateMaker;
let authority: MadeCertificate;
let server: MadeCertificate;
let node: MadeCertificate;
let store: EmbeddedStore;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'taas-signed-'));
  maker = new CertificateMaker(directory);
  authority = maker.authority('ca');
  server = maker.certificate('server-1');
  node = maker.certificate('a');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  store = createEmbeddedStore({ clock: systemClock });
});

/** Keys of a small world: a node's are below `/state/<node>/`, the server's below `/wanted/`. */
function ownerOf(key: string): KeyOwner | null {
  const [, area, node = ''] = key.split('/');
  if (area === 'wanted') return { is: 'server' };
  return area === 'state' ? { is: 'node', node } : null;
}

function listedRevoked(text: string): string {
  const file = join(directory, 'revoked');
  writeFileSync(file, text);
  return file;
}

interface Wishes {
  readonly accept?: boolean;
  readonly authorities?: string[];
  readonly revoked?: string;
}

function member(made: MadeCertificate, self: KeyOwner, more: Wishes = {}) {
  const caFiles = more.authorities ?? [authority.certFile];
  const paths = { at: 'signing', caFiles, own: made, ...(more.revoked ? { revokedFile: more.revoked } : {}) };
  const files = new FileWatch({ clock: systemClock, logger: silentLogger, source: 'test' });
  const material = files.open(signingSource(paths, systemClock));
  const desk = new SignatureDesk({
    ...{ material, acceptUnsigned: more.accept ?? false, clock: systemClock, logger: silentLogger },
  });
  const signerOf = keySigners({
    ...{ ownerOf, self, isBeating: (key) => key.endsWith('/agent'), controllers: null },
    ours: { desk, serverNames: ['server-*'] },
  });
  return { desk, files, store: new SignedStore(store.client(), { signerOf, desks: [desk], clock: systemClock }) };
}

const theServer = { is: 'server' } as const;
const nodeA = { is: 'node', node: 'a' } as const;
const put = (to: Store, key: string, value: string) =>
  to.transact({ compare: [], operations: [{ kind: 'put', key, value }] });

/** Follows, and keeps what was seen last of each key. */
function watch(of: Store, prefix: string) {
  const stop = new AbortController();
  const seen = new Map<string, KeyValue>();
  const counts = { snapshots: 0 };
  const done = (async () => {
    for await (const event of of.follow([prefix], stop.signal)) {
      if (event.kind === 'snapshot') {
        counts.snapshots += 1;
        seen.clear();
        for (const entry of event.entries) seen.set(entry.key, entry);
      } else if (event.kind === 'changes')
        for (const change of event.changes) if (change.kind === 'put') seen.set(change.entry.key, change.entry);
    }
  })();
  return {
    seen,
    counts,
    stop: () => {
      stop.abort(new Error('the test is over'));
      return done;
    },
  };
}

describe('a store of signed values', () => {
  it('shows plain values to its users, and signed ones to everybody else', async () => {
    const [of, on] = [member(server, theServer), member(node, nodeA)];
    await put(of.store, '/wanted/a/x', '{"v":1}');
    expect(await on.store.get('/wanted/a/x')).toMatchObject({ value: '{"v":1}' });
    expect(Object.keys(JSON.parse((await store.get('/wanted/a/x'))?.value ?? ''))).toEqual(['jwt', 'certificate']);
    expect((await on.store.list('/wanted/')).entries.map(({ value }) => value)).toEqual(['{"v":1}']);
    await put(of.store, '/other/x', 'as it is');
    expect((await store.get('/other/x'))?.value).toBe('as it is');
  });

  it('gives no value that another has written, but says why; neighbours are read', async () => {
    const [of, other] = [member(server, theServer), member(maker.certificate('b'), { is: 'node', node: 'a' })];
    const following = watch(of.store, '/state/');
    await put(member(node, nodeA).store, '/state/a/good', '{"v":1}');
    await put(store, '/state/a/unsigned', '{"v":1}');
    await put(other.store, '/state/a/stolen', '{"v":1}');
    await expect.poll(() => following.seen.size).toBe(3);
    const said = Object.fromEntries([...following.seen].map(([key, { value, refused }]) => [key, [value, refused]]));
    expect(said).toEqual({
      '/state/a/good': ['{"v":1}', undefined],
      '/state/a/unsigned': ['', expect.stringMatching(/not signed/)],
      '/state/a/stolen': ['', expect.stringMatching(/signed by b, and not by the agent of node a/)],
    });
    expect(of.desk.facts()).toMatchObject({ verified: 1, refused: { unsigned: 1, signer: 1 } });
    await following.stop();
  });

  it("does not take a node's signature for a server's", async () => {
    await put(member(node, theServer).store, '/wanted/a/x', '{"v":1}');
    expect(await member(node, nodeA).store.get('/wanted/a/x')).toMatchObject({
      value: '',
      refused: /not by a TaaS server/,
    });
  });

  it('refuses an old value that is put back, also after its key was deleted', async () => {
    const [of, on] = [member(server, theServer), member(node, nodeA)];
    const following = watch(on.store, '/wanted/');
    const key = '/wanted/a/x';
    const latest = () => following.seen.get(key);
    const put1 = await put(of.store, key, '{"target":"old"}');
    const old = (await store.get(key))?.value ?? '';
    await expect.poll(() => latest()?.value).toBe('{"target":"old"}');
    await of.store.transact({
      compare: [{ kind: 'mod-revision', key, revision: put1.revision }],
      operations: [{ kind: 'put', key, value: '{"target":"new"}' }],
    });
    await expect.poll(() => latest()?.value).toBe('{"target":"new"}');
    await put(store, key, old);
    await expect.poll(() => latest()?.refused).toMatch(/older value/);
    await store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
    const again = await put(store, key, old);
    await expect.poll(() => latest()?.modRevision).toBe(again.revision);
    expect(latest()?.refused).toMatch(/older value/);
    expect(on.desk.facts()).toMatchObject({ refused: { replayed: 2 } });
    // Its owner's word counts again.
    await put(of.store, key, '{"target":"newest"}');
    await expect.poll(() => latest()?.value).toBe('{"target":"newest"}');
    await following.stop();
  });

  it('believes a writer that was restarted, and has seen nothing yet', async () => {
    const reader = member(server, theServer);
    await put(member(node, nodeA).store, '/state/a/x', '{"n":1}');
    expect((await reader.store.get('/state/a/x'))?.value).toBe('{"n":1}');
    await put(member(node, nodeA).store, '/state/a/x', '{"n":2}');
    expect((await reader.store.get('/state/a/x'))?.value).toBe('{"n":2}');
  });

  it('compares plain values', async () => {
    const of = member(server, theServer);
    const key = '/wanted/role';
    await put(of.store, key, '{"role":"source"}');
    const take = (value: string) =>
      of.store.transact({
        compare: [{ kind: 'value', key, value }],
        operations: [{ kind: 'put', key, value: '{"role":"source"}' }],
      });
    expect(await take('{"role":"collector"}')).toMatchObject({
      succeeded: false,
      current: [{ value: '{"role":"source"}' }],
    });
    expect((await take('{"role":"source"}')).succeeded).toBe(true);
  });
});

describe('keys that change', () => {
  it('are read anew: who was refused is believed without a restart, and what is ours is signed with the new one', async () => {
    const next = maker.authority('next');
    const file = join(directory, 'authorities.pem');
    copyFileSync(authority.certFile, file);
    const own = { ...maker.certificate('server-2'), certFile: join(directory, 'own.pem') };
    copyFileSync(join(directory, 'server-2.pem'), own.certFile);
    const of = member(own, theServer, { authorities: [file] });
    await put(of.store, '/wanted/a/x', '{"v":1}');
    const following = watch(of.store, '/state/');
    const late = member(maker.certificate('a', { authority: 'next' }), nodeA, { authorities: [next.certFile] });
    await put(late.store, '/state/a/x', '{"v":1}');
    await expect.poll(() => following.seen.get('/state/a/x')?.refused).toMatch(/not signed by an authority/);

    const stop = new AbortController();
    const renewing = keepSigned(
      {
        ...{ store: of.store, desk: of.desk, prefixes: ['/wanted/'], compare: [] },
        ...{ clock: systemClock, logger: silentLogger, random: () => 0 },
      },
      stop.signal,
    );
    writeFileSync(file, 'nonsense');
    expect((await of.files.look()).refused[0]?.problem).toMatch(/"signing.ca_files".*authorities\.pem/);
    expect((await of.store.get('/wanted/a/x'))?.value).toBe('{"v":1}');

    const before = (await store.get('/wanted/a/x'))?.value;
    writeFileSync(file, `${authority.cert}\n${next.cert}`);
    const renewed = maker.certificate('server-2');
    copyFileSync(join(directory, 'server-2.pem'), own.certFile);
    expect(renewed.keyFile).toBe(own.keyFile);
    await of.files.look();
    await expect.poll(() => following.seen.get('/state/a/x')?.value).toBe('{"v":1}');
    await expect.poll(async () => (await store.get('/wanted/a/x'))?.value !== before).toBe(true);
    expect((await of.store.get('/wanted/a/x'))?.value).toBe('{"v":1}');
    stop.abort(new Error('the test is over'));
    await renewing;
    await following.stop();
  });

  it('are kept when the new one is not the key of the certificate', async () => {
    const own = { certFile: join(directory, 'pair.pem'), keyFile: join(directory, 'pair.key') };
    copyFileSync(server.certFile, own.certFile);
    copyFileSync(server.keyFile, own.keyFile);
    const { desk, files } = member({ ...server, ...own }, theServer);
    copyFileSync(node.keyFile, own.keyFile);
    const { refused } = await files.look();
    expect(refused[0]?.problem).toMatch(/"signing.key_file": .*pair\.key: this is not the key of the certificate/);
    expect(desk.own?.commonName).toBe('server-1');
  });

  it('are refused when others can read the key, at the start and later, and are not taken over half', async () => {
    const own = { certFile: join(directory, 'open.pem'), keyFile: join(directory, 'open.key') };
    copyFileSync(server.certFile, own.certFile);
    copyFileSync(server.keyFile, own.keyFile);
    const { files } = member({ ...server, ...own }, theServer);
    chmodSync(own.keyFile, 0o644);
    expect((await files.look()).refused[0]?.problem).toMatch(/"signing.key_file": .*everybody can read it.*chmod/);
    expect(() => member({ ...server, ...own }, theServer)).toThrow(/everybody can read it/);
  });

  it('are taken over once they are valid, though the files stay as they are', async () => {
    let late = 0;
    const clock = { ...systemClock, now: () => systemClock.now() - late };
    const files = new FileWatch({ clock, logger: silentLogger, source: 'test' });
    const own = { certFile: join(directory, 'early.pem'), keyFile: join(directory, 'early.key') };
    for (const [from, to] of [
      [server.certFile, own.certFile],
      [server.keyFile, own.keyFile],
    ] as const)
      copyFileSync(from, to);
    const paths = { at: 'signing', caFiles: [authority.certFile], own };
    const material = files.open(signingSource(paths, clock));
    const next = maker.certificate('server-3');
    copyFileSync(next.certFile, own.certFile);
    copyFileSync(next.keyFile, own.keyFile);
    late = 3_600_000;
    expect((await files.look()).refused[0]?.problem).toMatch(/not valid now/);
    expect(material.current.own?.commonName).toBe('server-1');
    late = 0;
    expect(await files.look()).toMatchObject({ refused: [], changed: [expect.stringContaining('signing')] });
    expect(material.current.own?.commonName).toBe('server-3');
  });
});

describe('a certificate that is revoked', () => {
  it('is not believed any more, also for what it signed before, until it is taken from the list', async () => {
    const revoked = listedRevoked('# nobody yet\n');
    const of = member(server, theServer, { revoked });
    const following = watch(of.store, '/state/');
    const node = maker.certificate('a');
    await put(member(node, nodeA).store, '/state/a/x', '{"v":1}');
    await put(member(maker.certificate('b'), { is: 'node', node: 'b' }).store, '/state/b/x', '{"v":1}');
    const serial = new X509Certificate(node.cert).serialNumber.toLowerCase();
    for (const line of ['name a', `serial ${serial}`, `serial 00:${serial.replace(/(..)(?=.)/g, '$1:')}  # lost`]) {
      await expect.poll(() => following.seen.get('/state/a/x')?.value).toBe('{"v":1}');
      listedRevoked(`${line}\n`);
      await of.files.look();
      await expect.poll(() => following.seen.get('/state/a/x')?.refused).toMatch(/certificate of a is revoked/);
      expect(following.seen.get('/state/b/x')?.value).toBe('{"v":1}');
      listedRevoked('');
      await of.files.look();
    }
    expect(of.desk.facts()).toMatchObject({ refused: { revoked: 3 } });
    await following.stop();
  });

  it.each(['a', 'serial xyz', 'names a', 'name a b', 'serial :'])(
    'is not silently missed by a line %j',
    async (line) => {
      const revoked = listedRevoked('');
      const { files } = member(server, theServer, { revoked });
      listedRevoked(`\n${line}\n`);
      expect((await files.look()).refused[0]?.problem).toMatch(/"signing.revoked_file": .*line 2 is neither/);
      expect(() => member(server, theServer, { revoked })).toThrow(/line 2 is neither/);
    },
  );

  it('is said when it is our own, and the list counts all the same', async () => {
    const revoked = listedRevoked('');
    const of = member(server, theServer, { revoked });
    await put(of.store, '/wanted/a/x', '{"v":1}');
    listedRevoked('name server-1\nname a\n');
    expect((await of.files.look()).refused).toEqual([]);
    expect(of.desk.facts()).toMatchObject({ problem: expect.stringMatching(/own certificate is revoked/) });
    expect((await of.store.get('/wanted/a/x'))?.refused).toMatch(/revoked/);
  });
});

describe('a signature while a cloud begins to sign', () => {
  it('is asked of the revoked all the same', async () => {
    const revoked = listedRevoked('name a\n');
    const of = member(server, theServer, { revoked, accept: true });
    await put(member(maker.certificate('a'), nodeA).store, '/state/a/x', '{"v":1}');
    expect((await of.store.get('/state/a/x'))?.refused).toMatch(/revoked/);
  });
});

it('begins with values that are not signed, and signs its own, where that is allowed', async () => {
  await put(store, '/wanted/a/x', '{"v":1}');
  await put(store, '/state/a/agent', '{"v":1}');
  const of = member(server, theServer, { accept: true });
  expect((await of.store.get('/wanted/a/x'))?.value).toBe('{"v":1}');
  expect(await of.store.renew('/', [], new AbortController().signal)).toBe(1);
  const reader = member(maker.certificate('z'), { is: 'node', node: 'z' });
  expect(await reader.store.get('/wanted/a/x')).toMatchObject({ value: '{"v":1}' });
  expect(of.desk.facts()).toMatchObject({ unsigned_accepted: expect.any(Number), warning: expect.any(String) });
});

it('leaves a key that another server keeps alive on its lease when it is signed anew', async () => {
  const [mine, other] = [member(server, theServer), member(maker.certificate('server-9'), theServer)];
  const lease = await other.store.lease(60);
  const key = '/wanted/a/captured';
  const operations = [{ kind: 'put', key, value: '{"v":1}', lease: lease.id } as const];
  await other.store.transact({ compare: [], operations });
  expect(await mine.store.renew('/wanted/', [], new AbortController().signal)).toBe(1);
  expect(await mine.store.get(key)).toMatchObject({ value: '{"v":1}', lease: lease.id });
  await lease.revoke();
  expect(await mine.store.get(key)).toBeUndefined();
});
