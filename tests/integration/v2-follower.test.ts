import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteV2, getV2, putV2 } from '@taas/lab';
import { silentLogger, systemClock } from '@taas/service';
import { createV2Follower, type EtcdStoreOptions, type V2Follower } from '@taas/store';
import { type EtcdProcess, type EtcdProcessOptions, launchEtcd, launchEtcdCluster } from '@taas/store/testing';
import { openTcpWall, V2View } from '@taas/store/testing/suites';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

const cleanups: (() => void | Promise<void>)[] = [];
const ofTest: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of ofTest.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

const nodes = '/networking-vpp/nodes';
const port = (node: string, id: string) => `${nodes}/${node}/ports/${id}`;

async function launch(options: Omit<EtcdProcessOptions, 'clock'> = {}): Promise<EtcdProcess> {
  const etcd = await launchEtcd({ clock: systemClock, args: ['--enable-v2'], ...options });
  cleanups.push(() => etcd.close());
  return etcd;
}

function open(endpoints: readonly string[], more: Partial<EtcdStoreOptions> = {}): V2Follower {
  const options = { clock: systemClock, logger: silentLogger, random: Math.random };
  const follower = createV2Follower({ ...options, endpoints, backoff: { firstMs: 20, maxMs: 200 }, ...more });
  ofTest.push(() => follower.close());
  return follower;
}

function look(follower: V2Follower, directory = nodes): V2View {
  const view = new V2View(follower, directory);
  ofTest.push(() => view.stop());
  return view;
}

describe('a follower of the v2 store', () => {
  let etcd: EtcdProcess;
  beforeAll(async () => {
    etcd = await launch();
  });
  afterEach(() => deleteV2(etcd.endpoint, '/networking-vpp', 'recursive'));

  it('sees what there is, what comes, what changes and what goes', async () => {
    await putV2(etcd.endpoint, port('n1', 'old'), 'before');
    const view = look(open([etcd.endpoint]));
    await view.sees(port('n1', 'old'), 'before');
    await putV2(etcd.endpoint, port('n1', 'old'), 'after');
    await putV2(etcd.endpoint, port('n2', 'new'), '{"ü":"€ 😀"}');
    await view.sees(port('n2', 'new'), '{"ü":"€ 😀"}');
    await deleteV2(etcd.endpoint, port('n1', 'old'));
    await view.until(({ state }) => !state.has(port('n1', 'old')));
    expect([...view.state]).toEqual([[port('n2', 'new'), '{"ü":"€ 😀"}']]);
    expect(new Set(view.kinds.slice(1))).toEqual(new Set(['changes']));
  });

  it('a directory that does not exist is empty, and is followed when it comes', async () => {
    const view = look(open([etcd.endpoint]), '/networking-vpp/nodes/n9/ports');
    await view.until(({ kinds }) => kinds.length === 1);
    await putV2(etcd.endpoint, port('n9', 'p'), 'x');
    await view.sees(port('n9', 'p'), 'x');
  });

  it('a directory that is removed takes its keys along, and so does one above ours', async () => {
    for (const node of ['n1', 'n2']) for (const id of ['a', 'b']) await putV2(etcd.endpoint, port(node, id), 'x');
    await putV2(etcd.endpoint, port('n11', 'a'), 'x');
    const view = look(open([etcd.endpoint]));
    await view.until(({ state }) => state.size === 5);
    await deleteV2(etcd.endpoint, `${nodes}/n1`, 'recursive');
    await view.until(({ state }) => state.size === 3);
    expect([...view.state.keys()].sort()).toEqual([port('n11', 'a'), port('n2', 'a'), port('n2', 'b')]);
    await deleteV2(etcd.endpoint, '/networking-vpp', 'recursive');
    await view.until(({ state }) => state.size === 0);
    await putV2(etcd.endpoint, port('n1', 'a'), 'again');
    await view.sees(port('n1', 'a'), 'again');
    expect(view.kinds.filter((kind) => kind !== 'changes')).toEqual(['snapshot']);
  });

  it('a neighbour whose name begins alike is not ours', async () => {
    const view = look(open([etcd.endpoint]), `${nodes}/n1`);
    await view.until(({ kinds }) => kinds.length === 1);
    await putV2(etcd.endpoint, port('n', 'a'), 'x');
    await putV2(etcd.endpoint, port('n1', 'a'), 'x');
    await deleteV2(etcd.endpoint, `${nodes}/n`, 'recursive');
    await putV2(etcd.endpoint, port('n1', 'b'), 'x');
    await view.sees(port('n1', 'b'), 'x');
    expect(view.state.size).toBe(2);
    expect(view.kinds.filter((kind) => kind !== 'changes')).toEqual(['snapshot']);
  });

  it('a key whose time to live is over is gone; one that is refreshed stays', async () => {
    const view = look(open([etcd.endpoint]));
    await putV2(etcd.endpoint, port('n1', 'short'), 'x', { ttl: 1 });
    await putV2(etcd.endpoint, port('n1', 'long'), 'x', { ttl: 60 });
    await view.sees(port('n1', 'long'), 'x');
    await putV2(etcd.endpoint, port('n1', 'long'), null, { ttl: 60, refresh: true, prevExist: true });
    await view.until(({ state }) => !state.has(port('n1', 'short')));
    expect([...view.state]).toEqual([[port('n1', 'long'), 'x']]);
  });

  it('goes on from a new list when etcd has forgotten what happened meanwhile, without a gap', async () => {
    const follower = open([etcd.endpoint]);
    const stop = new AbortController();
    const events = follower.follow(nodes, stop.signal)[Symbol.asyncIterator]();
    await putV2(etcd.endpoint, port('n1', 'goes'), 'x');
    expect((await events.next()).value).toMatchObject({ kind: 'snapshot', entries: [{ key: port('n1', 'goes') }] });
    // While the consumer thinks about the first: more events than etcd remembers, of which few are ours.
    await deleteV2(etcd.endpoint, port('n1', 'goes'));
    await putV2(etcd.endpoint, port('n1', 'comes'), 'y');
    for (let n = 0; n < 1_100; n++) await putV2(etcd.endpoint, '/elsewhere', `${n}`);
    const { value } = await events.next();
    expect(value).toMatchObject({ kind: 'snapshot', entries: [{ key: port('n1', 'comes'), value: 'y' }] });
    await putV2(etcd.endpoint, port('n1', 'later'), 'z');
    expect((await events.next()).value).toMatchObject({ kind: 'changes', changes: [{ kind: 'put' }] });
    stop.abort();
    expect((await events.next()).done).toBe(true);
  });

  it('a quiet directory beside a busy one stays followed, with polls that end in silence', async () => {
    const view = look(open([etcd.endpoint], { watchSilenceMs: 50 }));
    await view.until(({ kinds }) => kinds.length === 1);
    for (let n = 0; n < 1_100; n++) await putV2(etcd.endpoint, '/elsewhere', `${n}`);
    await putV2(etcd.endpoint, port('n1', 'a'), 'x');
    await view.sees(port('n1', 'a'), 'x');
    expect(view.kinds).not.toContain('stale');
  });

  it('tells after any history what etcd has, whatever a client does to keys and directories', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ does: fc.constant('put' as const), node: name, key: name, value: fc.string() }),
      fc.record({ does: fc.constant('delete' as const), node: name, key: name, value: fc.constant('') }),
      fc.record({ does: fc.constant('rmdir' as const), node: name, key: name, value: fc.constant('') }),
    );
    let round = 0;
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const base = `${nodes}/round-${++round}`;
      const view = look(open([etcd.endpoint]), base);
      await view.until(({ kinds }) => kinds.length === 1);
      for (const { does, node, key, value } of steps) {
        if (does === 'put') await putV2(etcd.endpoint, `${base}/${node}/${key}`, value);
        else if (does === 'delete') await deleteV2(etcd.endpoint, `${base}/${node}/${key}`);
        else await deleteV2(etcd.endpoint, `${base}/${node}`, 'recursive');
      }
      await putV2(etcd.endpoint, `${base}/end`, 'end');
      await view.sees(`${base}/end`, 'end');
      expect(Object.fromEntries(view.state)).toEqual(await getV2(etcd.endpoint, base));
      expect(view.kinds.filter((kind) => kind !== 'changes')).toEqual(['snapshot']);
    });
    await fc.assert(property, { numRuns: 25 });
  });
});

describe('a follower of the v2 store, in trouble', () => {
  it('says once that etcd is out of sight, and comes back with a snapshot, after a kill and a restart', async () => {
    const etcd = await launch();
    await putV2(etcd.endpoint, port('n1', 'a'), 'x');
    const view = look(open([etcd.endpoint]));
    await view.sees(port('n1', 'a'), 'x');
    await etcd.kill();
    await view.until(({ kinds }) => kinds.at(-1) === 'stale');
    await etcd.start();
    await view.until(({ kinds }) => kinds.at(-1) === 'snapshot');
    await putV2(etcd.endpoint, port('n1', 'a'), 'y');
    await view.sees(port('n1', 'a'), 'y');
    expect(view.kinds.filter((kind) => kind === 'stale')).toHaveLength(1);
  });

  it('notices a connection that has fallen silent', async () => {
    const etcd = await launch();
    const wall = await openTcpWall(Number(new URL(etcd.endpoint).port));
    ofTest.push(() => wall.close());
    const view = look(open([`http://127.0.0.1:${wall.port}`], { watchSilenceMs: 200, requestTimeoutMs: 500 }));
    await view.until(({ kinds }) => kinds.length === 1);
    wall.silence();
    await view.until(({ kinds }) => kinds.at(-1) === 'stale');
    await putV2(etcd.endpoint, port('n1', 'a'), 'x');
    wall.heal();
    await view.sees(port('n1', 'a'), 'x');
  });

  it('goes on to another member when its own dies, and does not believe one that is cut off from the others', async () => {
    const members = await launchEtcdCluster({ clock: systemClock, members: 3, args: ['--enable-v2'] });
    cleanups.push(() => Promise.all(members.map((member) => member.close())).then(() => undefined));
    const [first, second, third] = members;
    if (!first || !second || !third) throw new Error('a cluster of three has three members');
    const view = look(
      open(
        members.map(({ endpoint }) => endpoint),
        { watchSilenceMs: 300 },
      ),
    );
    await view.until(({ kinds }) => kinds.length === 1);
    await first.kill();
    // A new leader may have to be elected before anything can be written.
    await vi.waitFor(() => putV2(second.endpoint, port('n1', 'a'), 'x'), { timeout: 30_000, interval: 50 });
    await view.sees(port('n1', 'a'), 'x');
    // Alone, the third still answers watches, and will never have any news.
    const alone = look(open([third.endpoint], { watchSilenceMs: 300, requestTimeoutMs: 1_000 }));
    await alone.sees(port('n1', 'a'), 'x');
    await second.kill();
    await alone.until(({ kinds }) => kinds.at(-1) === 'stale');
    await first.start();
    await alone.until(({ kinds }) => kinds.at(-1) === 'snapshot');
  });

  it('says what is missing when etcd does not serve the v2 API', async () => {
    const etcd = await launch({ args: [] });
    const view = look(open([etcd.endpoint]));
    await view.until(({ kinds }) => kinds.length === 1);
    expect(view.stale).toMatchObject({ code: 'invalid', message: expect.stringContaining('--enable-v2') });
  });

  it('logs in as a user whose role allows no more than networking-vpp gives it', async () => {
    const etcd = await launch();
    const root = `Basic ${Buffer.from('root:secret').toString('base64')}`;
    const admin = async (path: string, body?: object) => {
      const headers = { authorization: root, 'content-type': 'application/json' };
      const answer = await fetch(`${etcd.endpoint}/v2/auth/${path}`, {
        ...{ method: 'PUT', headers },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      expect(answer.status).toBeLessThan(300);
    };
    await putV2(etcd.endpoint, port('n1', 'a'), 'x');
    await admin('users/root', { user: 'root', password: 'secret' });
    const kv = { read: [`${nodes}/*`], write: [] };
    await admin('roles/reader', { role: 'reader', permissions: { kv } });
    await admin('users/taas', { user: 'taas', password: 'pa:ss wörd', roles: ['reader'] });
    await admin('enable');
    await admin('roles/guest', { role: 'guest', revoke: { kv: { read: ['/*'], write: ['/*'] } } });
    const login = { user: 'taas', password: 'pa:ss wörd' };
    const view = look(open([etcd.endpoint], { ...login, watchSilenceMs: 50 }));
    await view.sees(port('n1', 'a'), 'x');
    await putV2(etcd.endpoint, port('n1', 'a'), 'y', { authorization: root });
    await view.sees(port('n1', 'a'), 'y');
    expect(view.kinds).not.toContain('stale');
    for (const who of [{}, { ...login, password: 'geheim' }]) {
      const denied = look(open([etcd.endpoint], who));
      await denied.until(({ kinds }) => kinds.length === 1);
      expect(denied.stale).toMatchObject({ code: 'denied', message: expect.not.stringContaining('geheim') });
    }
  });

  it('speaks TLS, with a certificate of its own, and trusts no other authority', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'taas-v2-tls-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const [caFile, certFile, keyFile] = ['ca.pem', 'ca.pem', 'ca.key'].map((name) => join(directory, name));
    const [otherFile, otherKey] = ['other.pem', 'other.key'].map((name) => join(directory, name));
    if (!caFile || !certFile || !keyFile || !otherFile || !otherKey) throw new Error('five files');
    for (const [cert, key] of [
      [certFile, keyFile],
      [otherFile, otherKey],
    ] as const) {
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
      const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    }
    const etcd = await launch({ tls: { caFile, certFile, keyFile, clientCertAuth: true } });
    const view = look(open([etcd.endpoint], { tls: { caFile, certFile, keyFile } }));
    await view.until(({ kinds }) => kinds.length === 1);
    expect(view.kinds).toEqual(['snapshot']);
    for (const tls of [{ caFile: otherFile, certFile, keyFile }, { caFile }]) {
      const refused = look(open([etcd.endpoint], { tls }));
      await refused.until(({ kinds }) => kinds.length === 1);
      expect(refused.kinds).toEqual(['stale']);
    }
  });
});
