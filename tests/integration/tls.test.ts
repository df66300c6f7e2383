import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { serverConfigSchema, serverProgram } from '@taas/server';
import {
  createServer,
  FakeKeystone,
  FakeNeutron,
  openServerFiles,
  type Server,
  serveKeystone,
} from '@taas/server/testing';
import { ConfigError, checkConfig, FileWatch, type Logger, systemClock } from '@taas/service';
import { createEmbeddedStore, type EmbeddedStore } from '@taas/store/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Certificates, makeCertificates } from './certificates.js';

const services = '/v2.0/taas/tap_services';
const password = 'the-service-password';
const token = 'gAAAAAB-the-token-of-alice';
let folder: string;
let certificates: Certificates;
let store: EmbeddedStore;
let keystone: Awaited<ReturnType<typeof serveKeystone>>;
let neutron: FakeNeutron;
let addresses: { readonly keystone: string; readonly neutron: string };
let fronts: TlsServer[];
let logged: string[];
const servers: Server[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'taas-tls-'));
  certificates = makeCertificates(folder);
  writeFileSync(join(folder, 'password'), `${password}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'garbage'), `${password}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'empty'), '\n', { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  store = createEmbeddedStore({ clock: systemClock });
  const users = {
    [token]: { id: 'alice', project: 'acme', roles: ['member', 'reader'] },
    admin: { project: 'admin', roles: ['admin', 'member', 'reader'] },
  };
  keystone = await serveKeystone(new FakeKeystone(users));
  neutron = new FakeNeutron((given) => (given === token || given === 'admin' ? users[given] : undefined));
  fronts = [];
  addresses = { keystone: await withTls(keystone.url), neutron: await withTls(await neutron.start()) };
  logged = [];
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await store.close();
  await neutron.stop();
  await keystone.close();
  for (const front of fronts) await new Promise((resolve) => front.close(resolve));
});

/** Puts TLS in front of an HTTP server. @returns its URL with https */
async function withTls(url: string): Promise<string> {
  const target = new URL(url);
  const options = { cert: readFileSync(certificates.certFile), key: readFileSync(certificates.keyFile) };
  const front = createTlsServer(options, (socket) => {
    const behind = connect(Number(target.port), target.hostname);
    socket.pipe(behind).pipe(socket);
    // One end that breaks off takes the other along.
    socket.on('error', () => behind.destroy()).on('close', () => behind.destroy());
    behind.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  fronts.push(front);
  return `https://127.0.0.1:${(front.address() as AddressInfo).port}${target.pathname.replace(/\/$/, '')}`;
}

async function start(overrides: object, look?: (watch: FileWatch) => void): Promise<Server> {
  const given = {
    ...{ listen: { host: '127.0.0.1', port: 0 }, health: { port: 0 }, networking_vpp: { bindings: 'etcd-v3' } },
    ...overrides,
  };
  const note = (fields: object, message: string) =>
    void logged.push(JSON.stringify({ ...fields, message }, plainErrors));
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  const config = checkConfig(serverConfigSchema, given, 'test');
  const watch = new FileWatch({ clock: systemClock, logger, source: 'test' });
  const files = { ...openServerFiles(config, watch, 'test', logger), watch, config: { restartFor: [] } };
  look?.(watch);
  const server = createServer(config, {
    files,
    ...{ store: store.client(), clock: systemClock, logger, random: () => 0.5, newId: randomUUID, replica: 'r' },
  });
  servers.push(server);
  await server.start();
  await vi.waitFor(async () => expect((await fetch(`${server.healthAddress}/readyz`)).status).toBe(200));
  return server;
}

/** JSON has no errors; these tests look for secrets in all of them. */
function plainErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? { text: String(value.stack), cause: value.cause } : value;
}

/** In a cloud whose Keystone and Neutron speak TLS, with these authorities to trust. */
const inCloud = (caOfKeystone: string, caOfNeutron: string, look?: (watch: FileWatch) => void) =>
  start(
    {
      auth: {
        mode: 'keystone',
        keystone: {
          ...{ url: addresses.keystone, ca_file: caOfKeystone, timeout_ms: 2_000 },
          ...{ user_name: 'taas', password_file: join(folder, 'password') },
        },
      },
      neutron: { url: addresses.neutron, ca_file: caOfNeutron, timeout_ms: 2_000 },
    },
    look,
  );

async function ask(server: Server, path: string) {
  const reply = await fetch(`${server.address}${path}`, { headers: { 'x-auth-token': token } });
  return { status: reply.status, id: reply.headers.get('x-openstack-request-id'), text: await reply.text() };
}

function expectNoSecrets(...texts: readonly string[]): void {
  for (const secret of [password, token]) {
    for (const text of [...logged, ...texts]) expect(text).not.toContain(secret);
  }
}

describe('the API with a certificate', () => {
  const listen = () => ({
    listen: {
      ...{ host: '127.0.0.1', port: 0 },
      ...{ tls_cert_file: certificates.certFile, tls_key_file: certificates.keyFile },
    },
    auth: { mode: 'development' },
  });
  const get = (server: Server, how: typeof request, options: object): Promise<{ status?: number; text: string }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.address);
      const target = { hostname, port, path: `${services}?limit=1`, headers: { 'x-project-id': 'acme' }, agent: false };
      const outgoing = how({ ...target, ...options }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text })).on('error', reject);
      });
      outgoing.on('error', reject).end();
    });

  it('serves who trusts its authority, and nobody in the clear', async () => {
    const server = await start(listen());
    expect(server.address).toMatch(/^https:/);
    const ca = readFileSync(certificates.caFile);
    // Its links lead back the same way.
    const href = `"href":"${server.address}/v2.0/taas/tap_services?`;
    expect(await get(server, request, { ca })).toMatchObject({ status: 200, text: expect.stringContaining(href) });
    await expect(get(server, request, {})).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    await expect(get(server, request, { ca: readFileSync(certificates.otherCaFile) })).rejects.toThrow();
    await expect(get(server, request, { ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
    // No TLS, no answer: not even an error that tells what is there.
    await expect(get(server, requestPlain as typeof request, { port: new URL(server.address).port })).rejects.toThrow();
    // What was wrong with those does not hurt the next.
    expect((await get(server, request, { ca })).status).toBe(200);
  });
});

describe('files that are of no use', () => {
  const problemOf = async (options: object): Promise<string> => {
    const file = join(folder, 'server.yaml');
    writeFileSync(file, JSON.stringify(options));
    const error: unknown = await serverProgram
      .main({ config: file }, new AbortController().signal, { listen: () => undefined })
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    expect(error).toBeInstanceOf(ConfigError);
    return String(error);
  };
  const of = (name: string) => join(folder, name);

  it.each([
    ['listen.tls_cert_file', () => ({ listen: pair(of('none'), certificates.keyFile) }), 'cannot be read (ENOENT)'],
    ['listen.tls_key_file', () => ({ listen: pair(certificates.certFile, of('none')) }), 'cannot be read (ENOENT)'],
    ['listen.tls_cert_file', () => ({ listen: pair(of('garbage'), certificates.keyFile) }), 'a certificate in PEM'],
    ['listen.tls_key_file', () => ({ listen: pair(certificates.certFile, of('garbage')) }), 'is not the key of'],
    [
      'listen.tls_key_file',
      () => ({ listen: pair(certificates.certFile, certificates.otherKeyFile) }),
      'not the key of',
    ],
    ['auth.keystone.ca_file', () => inKeystone({ ca_file: of('none') }), 'cannot be read (ENOENT)'],
    // Node itself takes any text for a list of no authorities.
    ['auth.keystone.ca_file', () => inKeystone({ ca_file: of('garbage') }), 'a certificate in PEM'],
    ['auth.keystone.password_file', () => inKeystone({ password_file: of('none') }), 'cannot be read (ENOENT)'],
    ['auth.keystone.password_file', () => inKeystone({ password_file: of('empty') }), 'is empty'],
    ['neutron.ca_file', () => ({ ...inKeystone({}), neutron: { url: 'https://n', ca_file: of('garbage') } }), 'in PEM'],
    ['auth.policy_file', () => ({ auth: { policy_file: of('none') } }), 'cannot be read (ENOENT)'],
  ])('are named at the start: %s, %#', async (option, options, problem) => {
    const message = await problemOf(options());
    expect(message).toContain(`option "${option}": `);
    expect(message).toContain(problem);
    expect(message).not.toContain(password);
  });

  const pair = (cert: string, key: string) => ({ tls_cert_file: cert, tls_key_file: key });
  const inKeystone = (more: object) => ({
    auth: { mode: 'keystone', keystone: { user_name: 'taas', password_file: of('password'), ...more } },
    neutron: { url: 'http://127.0.0.1:9' },
  });
});

describe('a cloud that speaks TLS', () => {
  it('is reached through the authorities that are configured', async () => {
    const { caFile } = certificates;
    const server = await inCloud(caFile, caFile);
    const port = randomUUID();
    neutron.ports.set(port, { project: 'acme' });
    expect((await ask(server, services)).status).toBe(200);
    expect(await ask(server, `/v2.0/ports/${port}`)).toMatchObject({ status: 200 });
    const body = JSON.stringify({ tap_service: { port_id: port } });
    const headers = { 'x-auth-token': token };
    expect((await fetch(`${server.address}${services}`, { method: 'POST', headers, body })).status).toBe(201);
    const list = await ask(server, '/v2.0/extensions');
    expect(list.status).toBe(404); // This Neutron has none: but the question got through.
    expectNoSecrets();
  });

  it('is reached through the authorities of now, when the files change under a server that runs', async () => {
    const [ofKeystone, ofNeutron] = [join(folder, 'keystone-ca.pem'), join(folder, 'neutron-ca.pem')];
    for (const file of [ofKeystone, ofNeutron]) copyFileSync(certificates.otherCaFile, file);
    let watch: FileWatch | undefined;
    const server = await inCloud(ofKeystone, ofNeutron, (made) => {
      watch = made;
    });
    const passed = async () => (await ask(server, `/v2.0/ports/${randomUUID()}`)).status;
    expect([(await ask(server, services)).status, await passed()]).toEqual([503, 503]);
    for (const file of [ofKeystone, ofNeutron]) copyFileSync(certificates.caFile, file);
    await watch?.look();
    // What has failed is not asked again at once.
    await vi.waitFor(async () => expect((await ask(server, services)).status).toBe(200), { timeout: 15_000 });
    expect(await passed()).toBe(404);
    // Connections of before are not used any more, although they are kept.
    copyFileSync(certificates.otherCaFile, ofNeutron);
    await watch?.look();
    expect(await passed()).toBe(503);
    expectNoSecrets();
  });

  it('whose Keystone has a certificate of somebody else’s: 503, the log says why, and no password was sent', async () => {
    const server = await inCloud(certificates.otherCaFile, certificates.caFile);
    const reply = await ask(server, services);
    expect(reply).toMatchObject({ status: 503, id: expect.stringMatching(/^req-/) });
    expect(reply.text).toContain('Keystone does not answer at the moment');
    expect(logged.join('\n')).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expectNoSecrets(reply.text);
  });

  it('whose Neutron has a certificate of somebody else’s: 503, the log says why, and no token was sent', async () => {
    const server = await inCloud(certificates.caFile, certificates.otherCaFile);
    const passed = await ask(server, `/v2.0/ports/${randomUUID()}`);
    expect(passed).toMatchObject({ status: 503, id: expect.stringMatching(/^req-/) });
    expect(passed.text).toContain('The networking service cannot be reached');
    const asked = await ask(server, '/v2.0/extensions');
    expect(asked.status).toBe(503);
    expect(logged.join('\n')).toContain('unable to verify the first certificate');
    expect(neutron.seen).toEqual([]);
    expect((await ask(server, services)).status).toBe(200);
    expectNoSecrets(passed.text, asked.text);
  });
});
