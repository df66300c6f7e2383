import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixed, silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type EtcdStoreOptions, type FollowEvent, type Store } from '@taas/store';
import {
  connectEndpoint,
  type EtcdProcess,
  type EtcdProcessOptions,
  launchEtcd,
  launchEtcdCluster,
} from '@taas/store/testing';
import {
  describeStoreBehaviour,
  EtcdCalls,
  openTcpWall,
  put,
  putAll,
  resolveEtcdOptions,
  type TcpWall,
  View,
  watchEtcd,
} from '@taas/store/testing/suites';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeCertificates } from './certificates.js';

const cleanups: (() => void | Promise<void>)[] = [];
const storesOfTest: Store[] = [];

afterEach(async () => {
  await Promise.all(storesOfTest.splice(0).map((store) => store.close()));
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

function optionsFor(endpoints: readonly string[], more: Partial<EtcdStoreOptions> = {}): EtcdStoreOptions {
  const backoff = { firstMs: 20, maxMs: 200 };
  return { endpoints, clock: systemClock, logger: silentLogger, random: Math.random, backoff, ...more };
}

function open(endpoints: readonly string[], more: Partial<EtcdStoreOptions> = {}): Store {
  const store = createEtcdStore(optionsFor(endpoints, more));
  storesOfTest.push(store);
  return store;
}

async function launch(options: Omit<EtcdProcessOptions, 'clock'> = {}): Promise<EtcdProcess> {
  const etcd = await launchEtcd({ clock: systemClock, ...options });
  cleanups.push(() => etcd.close());
  return etcd;
}

function portOf(endpoint: string): number {
  return Number(new URL(endpoint).port);
}

async function wallTo(etcd: EtcdProcess): Promise<TcpWall & { endpoint: string }> {
  const wall = await openTcpWall(portOf(etcd.endpoint));
  cleanups.push(() => wall.close());
  return { ...wall, endpoint: `http://127.0.0.1:${wall.port}` };
}

describeStoreBehaviour(
  'etcd store',
  async () => {
    const etcd = await launchEtcd({ clock: systemClock });
    const admin = connectEndpoint(etcd.endpoint, { tls: fixed({}), clock: systemClock, timeoutMs: 2_000 });
    const own: Store[] = [];
    const walls: TcpWall[] = [];
    const openOwn = (endpoint: string) => {
      const store = createEtcdStore(optionsFor([endpoint]));
      own.push(store);
      return store;
    };
    return {
      open: () => openOwn(etcd.endpoint),
      openBehindWall: async () => {
        const wall = await openTcpWall(portOf(etcd.endpoint));
        walls.push(wall);
        return { store: openOwn(`http://127.0.0.1:${wall.port}`), cut: wall.cut, heal: wall.heal };
      },
      stopServer: () => etcd.kill(),
      startServer: () => etcd.start(),
      compact: (revision) => etcd.compact(revision),
      dropLease: async (id) => {
        await admin.lease.leaseRevoke({ id: BigInt(`0x${id}`) });
      },
      dispose: async () => {
        await Promise.all(own.map((store) => store.close()));
        admin.close();
        await Promise.all(walls.map((wall) => wall.close()));
        await etcd.close();
      },
    };
  },
  { propertyRuns: 15 },
);

describe('etcd store, one server', () => {
  let etcd: EtcdProcess;
  beforeAll(async () => {
    etcd = await launch();
  });

  it('lets others have their turn while it is told much at once', async () => {
    const [store, many] = [open([etcd.endpoint]), 4_000];
    const { revision } = await put(store, '/behind/first', '');
    const written = Array.from({ length: many }, (_, n) => [`/behind/${n}`, 'x'] as const);
    await putAll(store, written);
    let looks = 0;
    // Every slice is over after one step, and then somebody looks at the clock.
    const clock = { now: systemClock.now, sleep: systemClock.sleep, monotonic: () => 10 * looks++ };
    const calls = new EtcdCalls(resolveEtcdOptions({ ...optionsFor([etcd.endpoint]), clock }));
    let told = 0;
    await watchEtcd(calls, {
      ...{ prefixes: ['/behind/'], from: revision + 1, signal: new AbortController().signal },
      onReady: () => undefined,
      onChanges: ({ changes }) => {
        told += changes.length;
        return told < many;
      },
    });
    calls.close();
    expect(told).toBe(many);
    expect(looks).toBeGreaterThan(many / 32);
  });

  it('is told by etcd when the revision to watch from was compacted', async () => {
    const store = open([etcd.endpoint]);
    const { revision } = await put(store, '/watch/a', '1');
    await put(store, '/watch/a', '2');
    const last = await put(store, '/watch/a', '3');
    await etcd.compact(last.revision);
    const calls = new EtcdCalls(resolveEtcdOptions(optionsFor([etcd.endpoint])));
    const task = { prefixes: ['/watch/'], from: revision, signal: new AbortController().signal };
    const watching = watchEtcd(calls, { ...task, onReady: () => undefined, onChanges: () => true });
    await expect(watching).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/compacted away/),
    });
    calls.close();
  });

  it('lists page by page as of one revision', async () => {
    const store = open([etcd.endpoint], { pageSize: 7 });
    const keys = Array.from({ length: 50 }, (_, index) => `/page/${index}`);
    await putAll(
      store,
      keys.map((key) => [key, 'before']),
    );
    const listing = store.list('/page/');
    await putAll(
      open([etcd.endpoint]),
      keys.map((key) => [key, 'after']),
    );
    const { revision, entries } = await listing;
    expect(entries.map(({ key }) => key)).toEqual([...keys].sort());
    expect(new Set(entries.map(({ value }) => value)).size).toBe(1);
    expect(entries.every(({ modRevision }) => modRevision <= revision)).toBe(true);
  });

  it('lists each key once, also those that are no text', async () => {
    const calls = new EtcdCalls(resolveEtcdOptions(optionsFor([etcd.endpoint])));
    for (let byte = 0xf0; byte < 0xfc; byte += 1) {
      const key = Buffer.concat([Buffer.from('/odd/'), Buffer.from([byte])]);
      const put = { key, value: Buffer.from('x') };
      await calls.unary({ signal: undefined, repeatable: true }, (endpoint, rpc) => endpoint.kv.put(put, rpc));
    }
    calls.close();
    const { entries } = await open([etcd.endpoint], { pageSize: 1 }).list('/odd/');
    const revisions = entries.map(({ modRevision }) => modRevision);
    expect(revisions).toHaveLength(12);
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
  });

  it('gives a slow follower a new snapshot instead of an endless queue', async () => {
    const store = open([etcd.endpoint], { followQueue: { maxChanges: 100 } });
    const stop = new AbortController();
    const events = store.follow(['/slow/'], stop.signal)[Symbol.asyncIterator]();
    const next = async (): Promise<FollowEvent | undefined> => (await events.next()).value;
    expect((await next())?.kind).toBe('snapshot');
    for (let round = 0; round < 3; round++) {
      await putAll(
        store,
        Array.from({ length: 128 }, (_, index) => [`/slow/${index}`, `${round}`]),
      );
    }
    // The watch runs beside the consumer; the overflow is seen when the consumer asks again.
    await vi.waitFor(async () => expect((await next())?.kind).toBe('stale'), { timeout: 5_000 });
    const again = await next();
    expect(again?.kind === 'snapshot' ? again.entries.map(({ value }) => value) : []).toEqual(Array(128).fill('2'));
    stop.abort();
    expect((await events.next()).done).toBe(true);
  });

  it('lets as many changes wait for a follower as its snapshot has keys, so that reading a large one comes to an end', async () => {
    const writer = open([etcd.endpoint]);
    const write = (value: string) =>
      putAll(
        writer,
        Array.from({ length: 400 }, (_, index) => [`/large/${index}`, value]),
      );
    await write('before');
    const stop = new AbortController();
    const events = open([etcd.endpoint], { followQueue: { maxChanges: 100 } })
      .follow(['/large/'], stop.signal)
      [Symbol.asyncIterator]();
    const next = async (): Promise<FollowEvent | undefined> => (await events.next()).value;
    expect((await next())?.kind).toBe('snapshot');
    // It has begun to watch, and is still reading when all of it changes.
    const first = next();
    await write('after');
    let seen = 0;
    for (let event = await first; ; event = await next()) {
      expect(event?.kind).toBe('changes');
      seen += event?.kind === 'changes' ? event.changes.length : 0;
      if (seen >= 400) break;
    }
    stop.abort();
  });

  it('notices a connection that has fallen silent', async () => {
    const wall = await wallTo(etcd);
    const store = open([wall.endpoint], { watchSilenceMs: 200, requestTimeoutMs: 500 });
    const view = new View(store, ['/silence/']);
    await view.until(({ kinds }) => kinds.length === 1);
    // Long enough for a few signs of life: a quiet but living watch must not be given up.
    await systemClock.sleep(1_500);
    expect(view.kinds).toEqual(['snapshot']);
    wall.silence();
    await view.until(({ kinds }) => kinds.at(-1) === 'stale');
    await expect(store.get('/silence/a')).rejects.toMatchObject({ code: 'unavailable' });
    await put(open([etcd.endpoint]), '/silence/a', 'x');
    // What was lost on the way never comes; the old connection has to be given up, unasked.
    wall.heal();
    await view.until(({ state }) => state.get('/silence/a') === 'x');
    await view.stop();
  });

  it('goes on to an endpoint that answers when the first is dead', async () => {
    const wall = await wallTo(etcd);
    wall.cut();
    const dead = `http://127.0.0.1:${await closedPort()}`;
    // A refused connection took nothing along, so even a write goes on to the next endpoint.
    expect((await put(open([dead, etcd.endpoint]), '/failover/a', 'x')).succeeded).toBe(true);
    // One that breaks may have taken a write along: that is for the caller to find out, and reads just go on.
    const broken = open([wall.endpoint, dead, etcd.endpoint]);
    await expect(put(broken, '/failover/b', 'x')).rejects.toMatchObject({ code: 'unavailable' });
    expect((await open([wall.endpoint, dead, etcd.endpoint]).get('/failover/a'))?.value).toBe('x');
    expect((await put(broken, '/failover/b', 'x')).succeeded).toBe(true);
  });

  it('refuses options that cannot work, by name and without the password', () => {
    const bad = (more: Partial<EtcdStoreOptions>) => () => createEtcdStore(optionsFor([etcd.endpoint], more));
    expect(bad({ endpoints: [] })).toThrow(/endpoints/);
    expect(bad({ endpoints: ['ftp://somewhere'] })).toThrow(/endpoints/);
    expect(bad({ endpoints: ['http://me:geheim@127.0.0.1:1'] })).toThrow(/^(?!.*geheim)/);
    expect(bad({ user: 'me' })).toThrow(/password/);
    expect(bad({ tls: { caFile: '/nowhere/ca.pem' } })).toThrow(/tls.caFile.*nowhere/);
    expect(bad({ tls: { certFile: '/nowhere/a.pem' } })).toThrow(/keyFile/);
  });
});

describe('etcd store, space quota', () => {
  it('says that etcd is full, and still reads', async () => {
    const etcd = await launch({ quotaBackendBytes: 4 * 1024 * 1024 });
    const store = open([etcd.endpoint]);
    await put(store, '/full/first', 'x');
    const fill = async () => {
      for (let index = 0; index < 16; index++) await put(store, `/full/${index}`, 'x'.repeat(1_000_000));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'full', retriable: false });
    expect((await store.get('/full/first'))?.value).toBe('x');
  });
});

describe('etcd store, user and password', () => {
  const users = [{ name: 'taas', password: 'pa:ss wörd', prefix: '/networking-vpp/' }];
  const login = { user: 'taas', password: 'pa:ss wörd' };
  let etcd: EtcdProcess;
  beforeAll(async () => {
    etcd = await launch({ auth: { rootPassword: 'root', users }, authTokenTtlSeconds: 1 });
  });

  it('logs in, and is denied what its role does not allow', async () => {
    const store = open([etcd.endpoint], login);
    expect((await put(store, '/networking-vpp/a', 'x')).succeeded).toBe(true);
    await expect(put(store, '/elsewhere', 'x')).rejects.toMatchObject({ code: 'denied' });
    await expect(store.list('/')).rejects.toMatchObject({ code: 'denied' });
  });

  it('is denied with a wrong password and without a user, and does not tell the password', async () => {
    const wrong = open([etcd.endpoint], { user: 'taas', password: 'geheim' });
    await expect(wrong.get('/networking-vpp/a')).rejects.toMatchObject({
      code: 'denied',
      message: expect.not.stringContaining('geheim'),
    });
    await expect(open([etcd.endpoint]).get('/networking-vpp/a')).rejects.toMatchObject({ code: 'denied' });
  });

  it('logs in again when its token has expired or the server has forgotten it', async () => {
    const store = open([etcd.endpoint], login);
    await put(store, '/networking-vpp/token', '1');
    // Time has to pass for the server to forget the token: twice its time to live.
    await systemClock.sleep(2_500);
    expect((await store.get('/networking-vpp/token'))?.value).toBe('1');
    const view = new View(store, ['/networking-vpp/']);
    await view.until(({ kinds }) => kinds.length === 1);
    await etcd.kill();
    await etcd.start();
    await view.until(({ kinds }) => kinds.at(-1) === 'snapshot' && kinds.length > 1);
    await put(store, '/networking-vpp/token', '2');
    await view.until(({ state }) => state.get('/networking-vpp/token') === '2');
    await view.stop();
  });

  it('keeps a lease alive under a login', async () => {
    const store = open([etcd.endpoint], login);
    const lease = await store.lease(2);
    const operations = [{ kind: 'put', key: '/networking-vpp/leased', value: 'x', lease: lease.id }] as const;
    await store.transact({ compare: [], operations });
    await systemClock.sleep(3_500);
    expect(lease.lost.aborted).toBe(false);
    expect(await store.get('/networking-vpp/leased')).toBeDefined();
    await lease.revoke();
    expect(await store.get('/networking-vpp/leased')).toBeUndefined();
  });

  it('works with a user against an etcd that asks for none', async () => {
    const free = await launch();
    expect((await put(open([free.endpoint], login), '/a', 'x')).succeeded).toBe(true);
  });
});

describe('etcd store, TLS', () => {
  let files: { caFile: string; certFile: string; keyFile: string; otherCaFile: string };
  let etcd: EtcdProcess;
  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'taas-tls-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    files = makeCertificates(directory);
    const { caFile, certFile, keyFile } = files;
    etcd = await launch({ tls: { caFile, certFile, keyFile, clientCertAuth: true } });
  });

  it('talks to a server that asks for a certificate', async () => {
    const { caFile, certFile, keyFile } = files;
    const store = open([etcd.endpoint], { tls: { caFile, certFile, keyFile } });
    const view = new View(store, ['/tls/']);
    await put(store, '/tls/a', 'x');
    await view.until(({ state }) => state.has('/tls/a'));
    await view.stop();
  });

  it('does not trust a server of another authority', async () => {
    const { otherCaFile, certFile, keyFile } = files;
    const store = open([etcd.endpoint], { tls: { caFile: otherCaFile, certFile, keyFile } });
    await expect(store.get('/tls/a')).rejects.toMatchObject({ code: 'denied' });
  });

  it('gets nothing without a certificate', async () => {
    const store = open([etcd.endpoint], { tls: { caFile: files.caFile } });
    await expect(store.get('/tls/a')).rejects.toMatchObject({ name: 'StoreError' });
  });
});

describe('etcd store, three members', () => {
  it('survives the loss of the member it talks to, as follower and as writer', async () => {
    const members = await launchEtcdCluster({ clock: systemClock, members: 3 });
    cleanups.push(() => Promise.all(members.map((member) => member.close())).then(() => undefined));
    const endpoints = members.map(({ endpoint }) => endpoint);
    const store = open(endpoints);
    const lease = await store.lease(20);
    const view = new View(store, ['/cluster/']);
    await put(store, '/cluster/before', 'x');
    await view.until(({ state }) => state.has('/cluster/before'));
    await members[0]?.kill();
    // A new leader may have to be elected first; a write in between may fail, and then it is for the caller to try again.
    await vi.waitFor(() => put(store, '/cluster/after', 'x'), { timeout: 15_000, interval: 50 });
    await view.until(({ state }) => state.has('/cluster/after'));
    expect(lease.lost.aborted).toBe(false);
    await lease.revoke();
    await view.stop();
  });
});

async function closedPort(): Promise<number> {
  const wall = await openTcpWall(1);
  await wall.close();
  return wall.port;
}
