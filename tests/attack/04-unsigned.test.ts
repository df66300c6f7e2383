import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ProgramProcess, TaasClient } from '@taas/lab';
import { keys, nodeTapServiceCodec, prefixes, tapStateCodec } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import { type EtcdProcess, launchEtcd } from '@taas/store/testing';
import { CertificateMaker, type MadeCertificate, seal } from '@taas/store/testing/suites';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runWith } from '../scenarios/run-program.js';
import { refusedSignatures, scrapedMetrics } from './scraped-metrics.js';
import { uuid } from './stack.js';

// Whoever can write to etcd, such as a compromised node where etcd asks nobody, tells nodes what to do if keys are believed.

let directory: string;
let etcd: EtcdProcess;
let store: Store;
let server: MadeCertificate;
let controller: MadeCertificate;
let node: MadeCertificate;
let authority: MadeCertificate;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'taas-unsigned-'));
  const maker = new CertificateMaker(directory);
  authority = maker.authority('ca');
  server = maker.certificate('taas-server-1');
  controller = maker.certificate('Controller1', { kind: 'rsa:2048' });
  node = maker.certificate('evil');
  etcd = await launchEtcd({ clock: systemClock });
  store = createEtcdStore({
    ...{ endpoints: [etcd.endpoint], clock: systemClock, logger: silentLogger, random: Math.random },
  });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  for (const prefix of [prefixes.api, prefixes.nodes, prefixes.state])
    for (const { key } of (await store.list(prefix)).entries)
      await store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
});
afterAll(async () => {
  await store.close();
  await etcd.close();
  rmSync(directory, { recursive: true, force: true });
});

const put = (key: string, value: string) => store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
const by = (made: MadeCertificate) => ({ key: createPrivateKey(made.key), certificate: made.cert });
const binding = '{"binding_type":"vhostuser","project_id":"project-a"}';
const [collector, source] = [uuid(1), uuid(2)];

/** As networking-vpp's driver writes it with jwt_signing. */
const bindSigned = (on: string, port: string) => {
  const key = keys.boundPort(on, port);
  return put(key, seal(key, binding, 0, by(controller)));
};

async function startServer(more: object) {
  const [port, healthPort] = [await freePort(), await freePort()];
  const config = {
    listen: { host: '127.0.0.1', port },
    health: { host: '127.0.0.1', port: healthPort },
    auth: { mode: 'development' },
    etcd: { endpoints: [etcd.endpoint] },
    ...more,
  };
  const process = new ProgramProcess(
    { name: 'server', program: 'taas-server', directory, config, healthPort },
    systemClock,
  );
  closers.push(() => process.stop('SIGKILL'));
  await process.start();
  const ready = async () =>
    (await (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).json()) as Record<string, { refused: object }>;
  const health = `http://127.0.0.1:${healthPort}`;
  return { client: new TaasClient(`http://127.0.0.1:${port}`, 'project-a', systemClock), ready, health };
}

const signing = () => ({
  signing: {
    ...{ cert_file: server.certFile, key_file: server.keyFile },
    ...{ ca_files: [authority.certFile], server_names: ['taas-server-*'] },
  },
});
const publishedTo = async (on: string) => (await store.list(prefixes.nodeTaas(on))).entries;

describe('a binding that nobody has signed', () => {
  it('moves no tap to the node under which it stands, and is counted', async () => {
    const { client, ready, health } = await startServer({
      ...signing(),
      networking_vpp: { bindings: 'etcd-v3', signing: { ca_files: [authority.certFile] } },
    });
    expect(await refusedSignatures(health)).toEqual({});
    for (const port of [collector, source]) await bindSigned('honest', port);
    const service = await client.createTapService('probe', collector);
    await expect.poll(async () => (await publishedTo('honest')).length, { timeout: 15_000 }).toBe(1);
    const [standing] = await publishedTo('honest');
    expect(Object.keys(JSON.parse(standing?.value ?? '{}'))).toEqual(['jwt', 'certificate']);

    const forged = keys.boundPort('evil', collector);
    await put(forged, binding);
    await expect.poll(async () => (await ready())['networking_vpp_signatures']?.refused).toEqual({ unsigned: 1 });
    // Nor with the certificate of a node, nor with what was signed for another key.
    await put(forged, seal(forged, binding, 0, by(node)));
    await put(forged, (await store.get(keys.boundPort('honest', collector)))?.value ?? '');
    await expect
      .poll(async () => (await ready())['networking_vpp_signatures']?.refused)
      .toEqual({ unsigned: 1, signer: 1, path: 1 });
    expect(await refusedSignatures(health)).toEqual({ unsigned: 1, signer: 1, path: 1 });
    // Something honest happens after all that, and only that.
    await client.createTapFlow({
      ...{ name: 'flow', tapServiceId: service.id, sourcePort: source, direction: 'BOTH' },
    });
    await expect.poll(async () => (await publishedTo('honest')).length, { timeout: 15_000 }).toBe(2);
    expect(await publishedTo('evil')).toEqual([]);
    // The honest binding itself spoilt: nobody knows, and what stands, stays.
    await put(keys.boundPort('honest', collector), binding);
    await expect.poll(async () => (await ready())['networking_vpp_signatures']?.refused).toMatchObject({ unsigned: 2 });
    expect((await publishedTo('honest')).map(({ key }) => key)).toContain(standing?.key);
    expect(await publishedTo('evil')).toEqual([]);
  }, 90_000);

  it('(control) has the node told to serve the collector where nothing is signed', async () => {
    const { client } = await startServer({ networking_vpp: { bindings: 'etcd-v3' } });
    await put(keys.boundPort('honest', collector), binding);
    await client.createTapService('probe', collector);
    await expect.poll(async () => (await publishedTo('honest')).length, { timeout: 15_000 }).toBe(1);
    await put(keys.boundPort('evil', collector), binding);
    await expect.poll(async () => (await publishedTo('evil')).length, { timeout: 15_000 }).toBe(1);
  }, 60_000);
});

describe('a report that its node has not signed', () => {
  const report = async (on: string, revision: number) => {
    const [published] = await publishedTo(on);
    const id = published?.key.split('/').at(-1) ?? '';
    const key = keys.stateResource(on, 'tap_services', id);
    const value = tapStateCodec.format({ v: 1, id, revision, status: 'REMOVED', reason: '' });
    return { key, value };
  };

  it('does not count as the answer of the node', async () => {
    const { client, ready } = await startServer({ ...signing(), networking_vpp: { bindings: 'etcd-v3' } });
    await put(keys.boundPort('honest', collector), binding);
    const service = await client.createTapService('probe', collector);
    await expect.poll(async () => (await publishedTo('honest')).length, { timeout: 15_000 }).toBe(1);
    const { revision } = await put('/unrelated', 'x');
    await client.delete('tap_services', service.id);
    await expect.poll(async () => (await publishedTo('honest'))[0]?.modRevision ?? 0).toBeGreaterThan(revision);
    const { key, value } = await report('honest', (await publishedTo('honest'))[0]?.modRevision ?? 0);
    await put(key, value);
    await put(key, seal(key, value, 1e9, by(node)));
    await expect.poll(async () => (await ready())['signatures']?.refused).toMatchObject({ unsigned: 1, signer: 1 });
    // With it the tombstone, and the segment behind it, would be given back while the node still copies.
    expect(await publishedTo('honest')).toHaveLength(1);
  }, 60_000);

  it('(control) does where nothing is signed', async () => {
    const { client } = await startServer({ networking_vpp: { bindings: 'etcd-v3' } });
    await put(keys.boundPort('honest', collector), binding);
    const service = await client.createTapService('probe', collector);
    await expect.poll(async () => (await publishedTo('honest')).length, { timeout: 15_000 }).toBe(1);
    const { revision } = await put('/unrelated', 'x');
    await client.delete('tap_services', service.id);
    await expect.poll(async () => (await publishedTo('honest'))[0]?.modRevision ?? 0).toBeGreaterThan(revision);
    const { key, value } = await report('honest', (await publishedTo('honest'))[0]?.modRevision ?? 0);
    await put(key, value);
    await expect.poll(async () => (await publishedTo('honest')).length, { timeout: 15_000 }).toBe(0);
  }, 60_000);
});

describe('what a node is told and no server has signed', () => {
  const id = uuid(3);
  const published = keys.nodeResource('evil', 'tap_services', id);
  const value = nodeTapServiceCodec.format({ v: 1, id, project_id: 'project-a', port_id: collector, inputs: [] });

  async function startAgent(more: object): Promise<string> {
    const healthPort = await freePort();
    const config = {
      ...{ node: 'evil', etcd: { endpoints: [etcd.endpoint], allow_unprotected: true } },
      ...{ health: { port: healthPort }, vpp: { api_socket: join(directory, 'no-vpp.sock') }, ...more },
    };
    const process = new ProgramProcess(
      { name: 'agent', program: 'taas-agent', directory, config, healthPort },
      systemClock,
    );
    closers.push(() => process.stop('SIGKILL'));
    // Without a VPP it is never ready, and follows etcd all the same.
    await process.start(false);
    return `http://127.0.0.1:${healthPort}`;
  }

  it('is refused by its agent, which counts it by its reason', async () => {
    const health = await startAgent({
      signing: {
        ...{ cert_file: node.certFile, key_file: node.keyFile },
        ...{ ca_files: [authority.certFile], server_names: ['taas-server-*'] },
      },
    });
    await put(published, value);
    await expect.poll(() => refusedSignatures(health), { timeout: 15_000 }).toEqual({ unsigned: 1 });
    await put(published, seal(published, value, 0, by(node)));
    await expect.poll(() => refusedSignatures(health), { timeout: 15_000 }).toEqual({ unsigned: 1, signer: 1 });
    // What a server has signed is not counted.
    await put(published, seal(published, value, 0, by(server)));
    await put(published, value);
    await expect.poll(() => refusedSignatures(health), { timeout: 15_000 }).toEqual({ unsigned: 2, signer: 1 });
  }, 60_000);

  it('(control) is taken where nothing is signed, and nothing is counted', async () => {
    const health = await startAgent({});
    await put(published, value);
    const state = async () => (await store.get(keys.stateResource('evil', 'tap_services', id)))?.value ?? '';
    await expect.poll(state, { timeout: 15_000 }).toContain('vpp_disconnected');
    expect((await scrapedMetrics(health)).get('taas_agent_vpp_connected')).toBe(0);
    expect(await refusedSignatures(health)).toEqual({});
  }, 60_000);
});

describe('an etcd to which anybody may write', () => {
  const agent = (etcdOptions: object) => JSON.stringify({ node: 'n1', etcd: etcdOptions, health: { port: 0 } });
  const serverConfig = () => ({
    ...{ listen: { port: 0 }, health: { port: 0 }, etcd: { endpoints: [etcd.endpoint] } },
    auth: { mode: 'closed' },
    networking_vpp: { bindings: 'etcd-v3' },
  });

  it('is not believed: neither program starts, and each says what to do', async () => {
    for (const [program, config] of [
      ['taas-server', JSON.stringify(serverConfig())],
      ['taas-agent', agent({ endpoints: [etcd.endpoint] })],
    ] as const) {
      const { code, stdout, stderr } = await runWith(program, config);
      expect(code, stdout + stderr).toBe(1);
      expect(stdout + stderr).toMatch(/anybody may write.*authentication on.*"signing".*"etcd.allow_unprotected"/s);
    }
    expect((await store.list('/networking-vpp/')).entries).toEqual([]);
  }, 90_000);

  it('(control) is believed by whoever says so, and it is loud about that', async () => {
    const { ready } = await startServer({
      ...{ auth: { mode: 'closed' }, networking_vpp: { bindings: 'etcd-v3' } },
      etcd: { endpoints: [etcd.endpoint], allow_unprotected: true },
    });
    expect((await ready())['etcd_warnings']).toEqual([expect.stringContaining('UNPROTECTED ETCD')]);
    expect(readFileSync(join(directory, 'server.log'), 'utf8')).toMatch(/"level":"warn".*UNPROTECTED ETCD/);
  }, 60_000);

  it('is not needed where values are signed', async () => {
    const { ready } = await startServer({
      ...signing(),
      ...{
        auth: { mode: 'closed' },
        networking_vpp: { bindings: 'etcd-v3', signing: { ca_files: [authority.certFile] } },
      },
    });
    expect(await ready()).toMatchObject({ signatures: { refused: {} } });
    expect((await ready())['etcd_warnings']).toBeUndefined();
  }, 60_000);
});
