import { freePort } from '@taas/lab';
import { silentLogger, systemClock } from '@taas/service';
import { type EtcdToCheck, UnprotectedEtcdError, untilProtected } from '@taas/store';
import { type EtcdProcess, launchEtcd } from '@taas/store/testing';
import { afterEach, expect, it } from 'vitest';
import { v2Users } from './v2-users.js';

let etcd: EtcdProcess | undefined;
afterEach(() => etcd?.close());

const deps = { clock: systemClock, logger: silentLogger, random: Math.random };
const check = (api: 'v2' | 'v3', endpoint: string, more: Partial<EtcdToCheck['options']> = {}): EtcdToCheck => ({
  ...{ at: 'etcd', api, signing: 'signing' },
  options: { ...deps, endpoints: [endpoint], ...more },
});
const ask = (to: EtcdToCheck, signal = new AbortController().signal) => untilProtected([to], deps, signal);

it('an etcd without authentication is unprotected, whatever user we name', async () => {
  etcd = await launchEtcd({ clock: systemClock });
  await expect(ask(check('v3', etcd.endpoint))).rejects.toThrow(UnprotectedEtcdError);
  const named = check('v3', etcd.endpoint, { user: 'taas', password: 'x' });
  await expect(ask(named)).rejects.toThrow(/turn authentication on/);
});

it('an etcd with authentication is protected', async () => {
  etcd = await launchEtcd({ clock: systemClock, auth: { rootPassword: 'x' } });
  await ask(check('v3', etcd.endpoint));
});

it('an etcd that does not answer is neither, and is asked again', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const stop = new AbortController();
  const asked = ask(check('v3', nobody, { requestTimeoutMs: 200 }), stop.signal);
  const outcome = await Promise.race([asked.then(() => 'passed'), systemClock.sleep(1_000).then(() => 'asks on')]);
  expect(outcome).toBe('asks on');
  stop.abort(new Error('the test is over'));
  await expect(asked).rejects.toThrow('the test is over');
});

it("etcd's v2 API is unprotected until it has users and its guest has lost his rights", async () => {
  etcd = await launchEtcd({ clock: systemClock, args: ['--enable-v2'] });
  const { endpoint } = etcd;
  const users = v2Users(endpoint);
  await expect(ask(check('v2', endpoint))).rejects.toThrow(UnprotectedEtcdError);
  await users.turnOn();
  await expect(ask(check('v2', endpoint))).rejects.toThrow(/guest/);
  await users.takeRightsOfGuest();
  await ask(check('v2', endpoint));
});
