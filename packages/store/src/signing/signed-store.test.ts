import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@taas/service';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEmbeddedStore, type EmbeddedStore } from '../embedded-store.js';
import type { KeyValue, Store } from '../store.js';
import { keepSigned } from './keep-signed.js';
import { type KeyOwner, keySigners } from './key-signers.js';
import { SignatureDesk } from './signature-desk.js';
import { SignedStore } from './signed-store.js';
import { CertificateMaker, type MadeCertificate } from './signing-certificates.suite.js';
import { readSigningMaterial } from './signing-files.js';

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

function member(made: MadeCertificate, self: KeyOwner, more: { accept?: boolean; authorities?: string[] } = {}) {
  const paths = { caFiles: more.authorities ?? [authority.certFile], own: made };
  const load = () => readSigningMaterial(paths, (file) => readFileSync(file, 'utf8'), systemClock.now());
  const desk = new SignatureDesk({
    ...{ load, acceptUnsigned: more.accept ?? false, clock: systemClock, logger: silentLogger },
  });
  const signerOf = keySigners({
    ...{ ownerOf, self, isBeating: (key) => key.endsWith('/agent'), controllers: null },
    ours: { desk, serverNames: ['server-*'] },
  });
  return { desk, store: new SignedStore(store.client(), { signerOf, desks: [desk], clock: systemClock }) };
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
    of.desk.look();
    expect(of.desk.facts()).toMatchObject({ problem: expect.stringContaining('authorities.pem') });
    expect((await of.store.get('/wanted/a/x'))?.value).toBe('{"v":1}');

    const before = (await store.get('/wanted/a/x'))?.value;
    writeFileSync(file, `${authority.cert}\n${next.cert}`);
    const renewed = maker.certificate('server-2');
    copyFileSync(join(directory, 'server-2.pem'), own.certFile);
    expect(renewed.keyFile).toBe(own.keyFile);
    of.desk.look();
    await expect.poll(() => following.seen.get('/state/a/x')?.value).toBe('{"v":1}');
    await expect.poll(async () => (await store.get('/wanted/a/x'))?.value !== before).toBe(true);
    expect((await of.store.get('/wanted/a/x'))?.value).toBe('{"v":1}');
    stop.abort(new Error('the test is over'));
    await renewing;
    await following.stop();
  });

  it('are kept when the new one is not the key of the certificate', () => {
    const own = { certFile: join(directory, 'pair.pem'), keyFile: join(directory, 'pair.key') };
    copyFileSync(server.certFile, own.certFile);
    copyFileSync(server.keyFile, own.keyFile);
    const { desk } = member({ ...server, ...own }, theServer);
    copyFileSync(node.keyFile, own.keyFile);
    desk.look();
    expect(desk.facts()['problem']).toMatch(/pair\.key is not the key of the certificate/);
    expect(desk.own?.commonName).toBe('server-1');
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
