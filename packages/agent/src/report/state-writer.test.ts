import { keys } from '@taas/model';
import { systemClock } from '@taas/service';
import { createEmbeddedStore } from '@taas/store/testing';
import { expect, it } from 'vitest';
import { type StateEntry, StateWriter } from './state-writer.js';

const id = (n: number) => `ffffffff-0000-4000-8000-${String(n).padStart(12, '0')}`;
const entry = (n: number, revision: number, reason = ''): StateEntry => ({
  ...{ kind: 'tap_flows', id: id(n), revision },
  ...(reason === '' ? { status: 'ACTIVE', code: 'ok' } : { status: 'ERROR', code: 'vpp_refused' }),
  reason,
});
const { signal } = new AbortController();

it('writes a state when it has changed and not again, over restarts too, in transactions that etcd takes', async () => {
  const store = createEmbeddedStore({ clock: systemClock });
  const many = Array.from({ length: 300 }, (_, n) => entry(n, 1));
  expect(await new StateWriter(store, 'n', systemClock).write(many, signal)).toBe(300);
  const writer = new StateWriter(store, 'n', systemClock);
  expect(await writer.write(many, signal)).toBe(0);
  expect(await writer.write([entry(1, 2), entry(2, 1, 'why')], signal)).toBe(2);
  expect(await writer.prune((_, each) => each !== id(5), signal)).toBe(1);
  expect(await store.get(keys.stateResource('n', 'tap_flows', id(5)))).toBeUndefined();
  expect(await writer.write([entry(5, 1)], signal)).toBe(1);
  await store.close();
});

it('cuts a long reason, and tells a failure of the store', async () => {
  const store = createEmbeddedStore({ clock: systemClock });
  const writer = new StateWriter(store, 'n', systemClock);
  await writer.write([entry(1, 1, 'x'.repeat(10_000))], signal);
  expect((await store.get(keys.stateResource('n', 'tap_flows', id(1))))?.value.length).toBeLessThan(1000);
  store.stop();
  await expect(writer.write([entry(2, 1)], signal)).rejects.toThrow();
  store.start();
  expect(await writer.write([entry(2, 1)], signal)).toBe(1);
  await store.close();
});
