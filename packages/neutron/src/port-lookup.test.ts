import { type Clock, systemClock } from '@taas/service';
import { expect, test } from 'vitest';
import { uuid } from './fake-neutron.suite.js';
import type { NeutronPort } from './port.js';
import { createPortLookup } from './port-lookup.js';

const never = new AbortController().signal;
const port: NeutronPort = {
  id: uuid(1),
  projectId: 'acme',
  networkId: 'net',
  deviceOwner: '',
  deviceId: '',
  adminStateUp: true,
  status: 'ACTIVE',
  binding: null,
};

function setUp() {
  const state = { time: 0, exists: true, asked: [] as string[], gate: Promise.resolve() };
  const clock: Clock = { ...systemClock, monotonic: () => state.time };
  const lookup = createPortLookup({
    clock,
    client: {
      portAsCaller: async (_portId, token) => {
        state.asked.push(token);
        const answer = state.exists && token !== 'stranger' ? port : null;
        await state.gate;
        return answer;
      },
    },
  });
  return { state, lookup, ask: (token: string) => lookup.portAsCaller(port.id, token, never) };
}

test('a yes is believed for a while, for that token alone', async () => {
  const { state, ask } = setUp();
  for (let i = 0; i < 3; i++) expect(await ask('alice')).toBe(port);
  expect(state.asked).toEqual(['alice']);
  expect(await ask('stranger')).toBeNull();
  expect(await ask('carol')).toBe(port);
  expect(state.asked).toEqual(['alice', 'stranger', 'carol']);
  state.exists = false;
  state.time = 4_999;
  expect(await ask('alice')).toBe(port);
  state.time = 5_000;
  expect(await ask('alice')).toBeNull();
});

test('a no is never kept', async () => {
  const { state, ask } = setUp();
  state.exists = false;
  expect(await ask('alice')).toBeNull();
  state.exists = true;
  expect(await ask('alice')).toBe(port);
});

test('overlapping questions are one', async () => {
  const { state, ask } = setUp();
  await Promise.all([ask('alice'), ask('alice'), ask('carol')]);
  expect(state.asked).toEqual(['alice', 'carol']);
});

test('a forgotten port is asked for again, even if an old answer is still on its way', async () => {
  const { state, lookup, ask } = setUp();
  await ask('alice');
  lookup.forget(port.id);
  let open = (): void => undefined;
  state.gate = new Promise((resolve) => {
    open = resolve;
  });
  const old = ask('alice');
  state.exists = false;
  lookup.forget(port.id);
  const fresh = ask('alice');
  open();
  expect(await old).toBe(port);
  expect(await fresh).toBeNull();
  expect(await ask('alice')).toBeNull();
});
