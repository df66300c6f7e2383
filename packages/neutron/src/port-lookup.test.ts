import { type Clock, systemClock } from '@taas/service';
import { describe, expect, test } from 'vitest';
import { uuid } from './fake-neutron.suite.js';
import { neutronUnavailable } from './neutron-error.js';
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

const portOf = (id: string): NeutronPort => ({ ...port, id });

function setUp() {
  const state = {
    ...{ time: 0, exists: true, gate: Promise.resolve() },
    asked: [] as string[],
    /** Ports that a list shows, and what it fails with. */
    listed: [] as NeutronPort[],
    failure: null as Error | null,
  };
  const clock: Clock = { ...systemClock, monotonic: () => state.time };
  const lookup = createPortLookup({
    clock,
    maxAgeMs: 5_000,
    client: {
      portAsCaller: async (id, token) => {
        state.asked.push(token);
        const answer = state.exists && token !== 'stranger' ? portOf(id) : null;
        await state.gate;
        return answer;
      },
      portsAsCaller: async (project, token, limit) => {
        state.asked.push(`${token}: ${limit} of ${project}`);
        const { failure, listed } = state;
        await state.gate;
        if (failure) throw failure;
        return listed;
      },
    },
  });
  const askFor = (id: string, token: string) => lookup.portAsCaller(id, { token, projectId: 'acme' }, never);
  return { state, lookup, askFor, ask: (token: string) => askFor(port.id, token) };
}

test('a yes is believed for a while, for that token alone', async () => {
  const { state, ask } = setUp();
  for (let i = 0; i < 3; i++) expect(await ask('alice')).toEqual(port);
  expect(state.asked).toEqual(['alice']);
  expect(await ask('stranger')).toBeNull();
  expect(await ask('carol')).toEqual(port);
  expect(state.asked).toEqual(['alice', 'stranger', 'carol']);
  state.exists = false;
  state.time = 4_999;
  expect(await ask('alice')).toEqual(port);
  state.time = 5_000;
  expect(await ask('alice')).toBeNull();
});

test('a yes that was long in coming is believed as long as any', async () => {
  const { state, ask } = setUp();
  state.gate = Promise.resolve().then(() => {
    state.time = 9_000;
  });
  await ask('alice');
  state.time = 13_999;
  await ask('alice');
  expect(state.asked).toEqual(['alice']);
});

test('a no is never kept', async () => {
  const { state, ask } = setUp();
  state.exists = false;
  expect(await ask('alice')).toBeNull();
  state.exists = true;
  expect(await ask('alice')).toEqual(port);
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
  expect(await old).toEqual(port);
  expect(await fresh).toBeNull();
  expect(await ask('alice')).toBeNull();
});

describe('whoever asks for one port after another', () => {
  const list = 'alice: 200 of acme';

  test('is told from one list of their project’s ports, asked for with their token', async () => {
    const { state, askFor } = setUp();
    state.listed = [1, 2, 3, 4, 5, 6].map((n) => portOf(uuid(n)));
    for (const n of [1, 2, 3, 4, 5, 6]) expect(await askFor(uuid(n), 'alice')).toEqual(portOf(uuid(n)));
    expect(state.asked).toEqual(['alice', 'alice', 'alice', list]);
    // What one token was told is no other’s.
    expect(await askFor(uuid(5), 'stranger')).toBeNull();
    state.time = 5_000;
    await askFor(uuid(6), 'alice');
    expect(state.asked.slice(4)).toEqual(['stranger', 'alice']);
  });

  test('waits for the list with the others that ask meanwhile', async () => {
    const { state, askFor } = setUp();
    state.listed = [1, 2, 3, 4, 5, 6].map((n) => portOf(uuid(n)));
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => askFor(uuid(n), 'alice')));
    expect(state.asked.filter((what) => what === list)).toHaveLength(1);
    expect(state.asked).toHaveLength(4);
  });

  test('is told of a port that the list does not have by a question of its own, and by no second list', async () => {
    const { state, askFor } = setUp();
    for (const n of [1, 2, 3, 4, 5, 6]) expect(await askFor(uuid(n), 'alice')).toEqual(portOf(uuid(n)));
    expect(state.asked).toEqual(['alice', 'alice', 'alice', list, 'alice', 'alice', 'alice']);
  });

  test('is told as before if there is no list to be had', async () => {
    const { state, askFor } = setUp();
    state.failure = neutronUnavailable('timeout', 'too late', null);
    for (const n of [1, 2, 3, 4, 5]) expect(await askFor(uuid(n), 'alice')).toEqual(portOf(uuid(n)));
  });

  test('is not told from a list that is older than the news that a port is gone', async () => {
    const { state, lookup, askFor } = setUp();
    state.listed = [portOf(uuid(4))];
    for (const n of [1, 2, 3]) await askFor(uuid(n), 'alice');
    let open = (): void => undefined;
    state.gate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = askFor(uuid(4), 'alice');
    state.exists = false;
    lookup.forget(uuid(4));
    open();
    expect(await asked).toBeNull();
  });
});
