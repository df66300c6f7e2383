import { randomUUID } from 'node:crypto';
import { type AuditEntry, prefixes } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { StoreError } from '@taas/store';
import { afterEach, expect, it } from 'vitest';
import { Slices } from '../slices/slices.js';
import { acme, portId, TestCloud } from '../test-cloud.suite.js';
import { createAudit } from './audit.js';

let cloud: TestCloud;
afterEach(() => cloud.stop());

it('who reads a capture is in the trail before a byte is given out, and without the trail nobody reads', async () => {
  cloud = new TestCloud();
  await cloud.bind('node1', portId(1), acme);
  const plain = await cloud.replica();
  const options = { file: '', required: false, keep_days: 90, keep_records: 1000 };
  const deps = { store: plain.store, live: plain.live, clock: systemClock, logger: silentLogger, random: () => 0 };
  const audit = createAudit(options, { ...deps, newId: randomUUID, slices: new Slices({ clock: systemClock }) });
  let isBroken = false;
  const store = {
    ...audit.store,
    transact: async (...args: Parameters<typeof audit.store.transact>) => {
      if (isBroken) throw new StoreError('unavailable', 'no etcd');
      return audit.store.transact(...args);
    },
  };
  const socket = { drops: async () => 0, close: async () => undefined };
  const server = await cloud.replica({
    ...{ store, audit },
    captures: {
      ...{ address: '192.0.2.9', listenAddress: '', server: 's', open: async () => socket },
      compileExpression: () => Promise.reject(new Error('none')),
    },
  });
  const as = (user: string) => (method: string, path: string, body?: unknown) =>
    server.request(method, `/v2.0/taas/captures${path}`, body, {
      ...{ 'x-project-id': acme, 'x-roles': 'member', 'x-user-id': user },
    });
  const made = await as('ann')('POST', '', { capture: { source_ports: [portId(1)], seconds: 1 } });
  const reads = async () =>
    [...(await cloud.read(prefixes.auditEntries)).values()]
      .flatMap(({ json }) => json['entries'] as readonly AuditEntry[])
      .filter(({ event }) => event === 'read');
  const stream = `/${made.body.capture.id}/stream`;
  isBroken = true;
  const packets = `/${made.body.capture.id}/packets`;
  expect((await as('bob')('GET', stream)).status).toBe(503);
  expect((await as('cat')('GET', packets)).status).toBe(503);
  expect(await reads()).toEqual([]);
  isBroken = false;
  // Who looks at its packets reads them, too: once, however often.
  for (let n = 0; n < 2; n++) {
    await as('cat')('GET', packets).catch(() => undefined);
    expect((await reads()).map(({ user_id }) => user_id)).toEqual(['cat', 'cat']);
  }
  // It ends by itself, and is no JSON.
  await as('bob')('GET', stream).catch(() => undefined);
  const told = (await reads()).filter(({ user_id }) => user_id !== 'cat');
  expect(told.map(({ tap }) => tap?.direction)).toEqual(['OUT', 'IN']);
  for (const { user_id, project_id, tap } of told) {
    expect([user_id, project_id]).toEqual(['bob', acme]);
    expect(tap).toMatchObject({ port_id: portId(1), port_project_id: acme, capture_id: made.body.capture.id });
  }
});
