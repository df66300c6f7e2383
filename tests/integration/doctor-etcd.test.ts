import { etcdFacts, RecordingHost } from '@taas/cli/testing';
import { systemClock } from '@taas/service';
import { type EtcdProcess, launchEtcd } from '@taas/store/testing';
import { afterEach, expect, it } from 'vitest';
import { v2Users } from './v2-users.js';

let etcd: EtcdProcess | undefined;
afterEach(() => etcd?.close());

const known = <T>(value: T) => ({ known: true, value });
const look = (endpoint: string) => etcdFacts(new RecordingHost(), endpoint, {});

it('doctor sees whether an etcd asks by v3 who somebody is, and that v2 is not served', async () => {
  etcd = await launchEtcd({ clock: systemClock });
  expect(await look(etcd.endpoint)).toMatchObject({ asksV3: known(false), v2: known(false), asksV2: known(null) });
  await etcd.close();
  etcd = await launchEtcd({ clock: systemClock, auth: { rootPassword: 'x' } });
  expect(await look(etcd.endpoint)).toMatchObject({ asksV3: known(true), v2: known(false), asksV2: known(null) });
});

it('doctor sees that v2 asks nobody until its guest has lost his rights', async () => {
  etcd = await launchEtcd({ clock: systemClock, args: ['--enable-v2'] });
  const { endpoint } = etcd;
  const users = v2Users(endpoint);
  expect(await look(endpoint)).toMatchObject({ v2: known(true), asksV2: known(false) });
  await users.turnOn();
  expect(await look(endpoint)).toMatchObject({ v2: known(true), asksV2: known(false) });
  await users.takeRightsOfGuest();
  expect(await look(endpoint)).toMatchObject({ v2: known(true), asksV2: known(true) });
});
