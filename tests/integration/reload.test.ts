import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig, FileWatch, options, silentLogger, systemClock } from '@taas/service';
import { etcdOptions, openEtcd, type Store } from '@taas/store';
import { launchEtcd } from '@taas/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCertificates } from './certificates.js';

const common = { clock: systemClock, logger: silentLogger, random: Math.random };
let directory: string;
const closers: (() => unknown)[] = [];
const at = (name: string) => join(directory, name);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'taas-reload-'));
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  rmSync(directory, { recursive: true, force: true });
});

/** As a program opens it, with files that it watches. */
function open(etcd: object): { readonly store: Store; readonly files: FileWatch } {
  const config = checkConfig(options({ etcd: etcdOptions }), { etcd }, 'test');
  const files = new FileWatch({ ...common, source: 'test' });
  const store = openEtcd(config.etcd, 'test', { ...common, files });
  closers.push(() => store.close());
  return { store, files };
}
const put = (store: Store, value: string) =>
  store.transact({ compare: [], operations: [{ kind: 'put', key: '/networking-vpp/x', value }] });

it("etcd's password is changed under a program that runs", async () => {
  const users = [{ name: 'taas', password: 'old', prefix: '/networking-vpp/' }];
  const etcd = await launchEtcd({ clock: systemClock, auth: { rootPassword: 'root', users } });
  closers.push(() => etcd.close());
  writeFileSync(at('password'), 'old\n', { mode: 0o600 });
  const { store, files } = open({ endpoints: [etcd.endpoint], user: 'taas', password_file: at('password') });
  await put(store, 'one');
  const env = { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: etcd.endpoint, ETCDCTL_USER: 'root:root' };
  execFileSync('etcdctl', ['user', 'passwd', 'taas', '--interactive=false'], { env, input: 'new\n' });
  // The control: without a poll of the file the old password is no good any more.
  await expect(put(store, 'two')).rejects.toMatchObject({ code: 'denied' });
  writeFileSync(at('password'), 'new\n');
  expect(await files.look()).toEqual({ changed: ['the password of etcd'], refused: [] });
  await put(store, 'three');
  expect((await store.get('/networking-vpp/x'))?.value).toBe('three');
});

it("etcd's authorities and our client certificate are changed under a program that runs", async () => {
  const certificates = makeCertificates(directory);
  const { caFile, certFile, keyFile, otherCaFile } = certificates;
  const etcd = await launchEtcd({ clock: systemClock, tls: { caFile, certFile, keyFile, clientCertAuth: true } });
  closers.push(() => etcd.close());
  copyFileSync(otherCaFile, at('trusted.pem'));
  copyFileSync(certFile, at('client.pem'));
  copyFileSync(keyFile, at('client.key'));
  const { store, files } = open({
    endpoints: [etcd.endpoint],
    ca_file: at('trusted.pem'),
    cert_file: at('client.pem'),
    key_file: at('client.key'),
  });
  await expect(put(store, 'one')).rejects.toMatchObject({ code: 'denied' });
  copyFileSync(caFile, at('trusted.pem'));
  expect(await files.look()).toMatchObject({ changed: ['the authorities of etcd'] });
  await put(store, 'two');
  // Connections of before are not used any more.
  copyFileSync(otherCaFile, at('trusted.pem'));
  await files.look();
  await expect(put(store, 'three')).rejects.toMatchObject({ code: 'denied' });
  copyFileSync(caFile, at('trusted.pem'));
  copyFileSync(certificates.otherKeyFile, at('client.key'));
  expect(await files.look()).toMatchObject({
    changed: ['the authorities of etcd'],
    refused: [{ what: 'the client certificate of etcd', problem: expect.stringContaining('is not the key of') }],
  });
  await put(store, 'four');
});
