import { silentLogger, systemClock } from '@taas/service';
import { expect, it, vi } from 'vitest';
import { createEmbeddedStore } from './embedded-store.js';
import { type EtcdToCheck, keepAskingProtection } from './etcd-protection.js';
import { createTrust } from './signing/trust.js';

const etcd = (at: string, endpoint = 'http://127.0.0.1:1'): EtcdToCheck => ({
  ...{ at, api: 'v3', signing: 'signing' },
  options: { endpoints: [endpoint], clock: systemClock, logger: silentLogger, random: Math.random },
});

it('an etcd that is not protected any more is told of once, and again when it is mended; silence changes nothing', async () => {
  const [one, two] = [etcd('one'), etcd('two')];
  const answers: (boolean | Error)[] = [true, new Error('no answer'), false, new Error('no answer'), false, true];
  const told: (readonly string[])[] = [];
  const stop = new AbortController();
  const ask = async (each: EtcdToCheck) => {
    if (each === two) return true;
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    if (answers.length === 0) stop.abort(new Error('the test is over'));
    return answer ?? true;
  };
  const deps = { clock: systemClock, ask, everyMs: 1 };
  await keepAskingProtection([one, two], deps, (open) => told.push(open), stop.signal);
  expect(told.slice(0, 1)).toEqual([[expect.stringMatching(/anybody may write.*"one\.user"/)]]);
  expect(told.slice(1).flat()).toEqual([]);
});

it('a program goes on when authentication is switched off under it, and says so in its log and at /readyz', async () => {
  const embedded = createEmbeddedStore({ clock: systemClock });
  const stop = new AbortController();
  const errors: string[] = [];
  let isProtected = true;
  const trust = createTrust({
    ...{ store: embedded.client(), toCheck: [etcd('etcd')], prefixes: [], warnings: [], ours: null, controllers: null },
    ...{ ownerOf: () => null, isBeating: () => false, self: { is: 'server' }, clock: systemClock, random: Math.random },
    logger: { ...silentLogger, error: (_: object, message: string) => void errors.push(message) },
    again: { ask: async () => isProtected, everyMs: 2 },
  });
  const kept = trust.keep(stop.signal);
  expect(await trust.store.get('/x')).toBeUndefined();
  expect(trust.facts()).toEqual({});
  isProtected = false;
  const says = expect.stringMatching(/anybody may write to etcd's v3 store/);
  await vi.waitFor(() => expect(trust.facts()).toEqual({ etcd_unprotected: [says] }));
  expect(errors).toEqual([expect.stringMatching(/^ETCD IS NOT PROTECTED ANY MORE: anybody/)]);
  expect([trust.unprotected.aborted, await trust.store.get('/x')]).toEqual([false, undefined]);
  isProtected = true;
  await vi.waitFor(() => expect(trust.facts()).toEqual({}));
  stop.abort(new Error('the test is over'));
  await kept;
  await embedded.close();
});
