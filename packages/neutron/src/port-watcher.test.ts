import { type Clock, silentLogger } from '@taas/service';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FakeNeutron, neutronClient, startFakeNeutron, uuid } from './fake-neutron.suite.js';
import type { NeutronPort } from './port.js';
import { bindingOrOwnerChanged, diffPorts, type PortChange } from './port-diff.js';
import { createPortWatcher, type PortPass } from './port-watcher.js';

const never = new AbortController().signal;
let fake: FakeNeutron;
let followed: Set<string>;

beforeEach(async () => {
  fake = await startFakeNeutron();
  followed = new Set();
});
afterEach(() => fake.close());

/** Each sleep ends when the test says so. */
function steppedClock(): Clock & { step(): void; readonly asleep: number } {
  let resume: (() => void) | null = null;
  let time = 0;
  let asleep = 0;
  return {
    get asleep() {
      return asleep;
    },
    now: () => time,
    monotonic: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        asleep = ms;
        resume = () => {
          time += ms;
          resolve();
        };
        if (signal?.aborted) reject(signal.reason);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
    step: () => resume?.(),
  };
}

function setUp(onRound: (round: PortPass) => Promise<void> = () => Promise.resolve()) {
  const clock = steppedClock();
  const rounds: PortChange[][] = [];
  const watcher = createPortWatcher({
    client: neutronClient(fake, clock),
    portIds: () => followed,
    onRound: async (round) => {
      await onRound(round);
      rounds.push([...round.changes]);
    },
    clock,
    random: () => 0.5,
    logger: silentLogger,
  });
  const look = async (): Promise<PortChange[]> => [...(await watcher.look(never)).changes];
  return { clock, rounds, watcher, look };
}
const follow = (...ids: string[]): void => {
  for (const id of ids) followed.add(id);
};
const down = (): void => {
  fake.state.override = (_request, response) => {
    response.writeHead(503).end();
    return true;
  };
};

test('a port is seen, moves, is deleted; only followed ports are asked for', async () => {
  const mine = fake.state.add(1);
  fake.state.add(2);
  follow(mine, fake.state.add(3));
  const { look } = setUp();
  expect(await look()).toMatchObject([
    { kind: 'seen', port: { id: mine, binding: { hostId: 'node-1' } } },
    { kind: 'seen', port: { id: uuid(3) } },
  ]);
  expect(await look()).toEqual([]);

  fake.state.add(1, { 'binding:host_id': 'node-2' });
  const [moved] = await look();
  expect(moved).toMatchObject({
    kind: 'changed',
    before: { binding: { hostId: 'node-1' } },
    port: { binding: { hostId: 'node-2' } },
  });
  expect(moved && bindingOrOwnerChanged(moved)).toBe(true);

  fake.state.ports.delete(mine);
  expect(await look()).toEqual([]);
  expect(await look()).toEqual([{ kind: 'deleted', portId: mine }]);
  followed.clear();
  expect(await look()).toEqual([]);
  expect(fake.state.requests.some((url) => url.includes(uuid(2)))).toBe(false);
});

test('Neutron down: nothing changes, and nothing is deleted, however long', async () => {
  const id = fake.state.add(1);
  fake.state.add(2);
  follow(id);
  const { watcher, look } = setUp();
  await look();
  down();
  fake.state.ports.delete(id);
  for (let i = 0; i < 5; i++) {
    const round = await watcher.look(never);
    expect(round.changes).toEqual([]);
    expect(round.ports.has(id)).toBe(true);
  }
  fake.state.override = null;
  expect(await look()).toEqual([]);
  expect(await look()).toEqual([{ kind: 'deleted', portId: id }]);
});

test('a list that misses a port is not believed without a 404 for it alone', async () => {
  const id = fake.state.add(1);
  fake.state.add(2);
  follow(id);
  const { look } = setUp();
  await look();
  fake.state.override = (request, response) => {
    if (!request.url?.includes('/ports?')) return false;
    response.end('{"ports":[]}');
    return true;
  };
  for (let i = 0; i < 5; i++) expect(await look()).toEqual([]);
});

test('a service user who lost its rights sees no port, and deletes none', async () => {
  const id = fake.state.add(1);
  fake.state.add(2, { project_id: 'service-1' });
  follow(id);
  fake.state.privileged = false;
  const { look } = setUp();
  for (let i = 0; i < 5; i++) expect(await look()).toEqual([]);
  fake.state.privileged = true;
  expect(await look()).toMatchObject([{ kind: 'seen' }]);
});

test('a service user who loses its rights later deletes none, whatever it saw before', async () => {
  const ids = [fake.state.add(1), fake.state.add(2)];
  fake.state.add(3, { project_id: 'service-1' });
  follow(...ids);
  const { look } = setUp();
  await look();
  fake.state.privileged = false;
  for (let i = 0; i < 5; i++) expect(await look()).toEqual([]);
  // Even if a port is gone at that: who knows.
  fake.state.ports.delete(uuid(1));
  for (let i = 0; i < 5; i++) expect(await look()).toEqual([]);
  fake.state.privileged = true;
  expect(await look()).toEqual([{ kind: 'deleted', portId: uuid(1) }]);
});

test('a service user whose rights only some of Neutron’s processes believe in deletes none', async () => {
  const ids = [fake.state.add(1), fake.state.add(2)];
  fake.state.add(3, { project_id: 'service-1' });
  follow(...ids);
  const { look } = setUp();
  await look();
  // Neutron's processes have caches of their own: one after the other answers.
  fake.state.override = () => {
    fake.state.privileged = !fake.state.privileged;
    return false;
  };
  for (let i = 0; i < 10; i++) expect((await look()).filter(({ kind }) => kind === 'deleted')).toEqual([]);
});

test.each([
  ['an empty list for everything', (url: string) => (url.includes('/ports?') ? '{"ports":[]}' : null)],
  ['a 404 of its own', () => '<html>404 Not Found</html>'],
  ['a 404 in JSON that is not Neutron’s', () => '{"error":{"code":404}}'],
  ['a path that Neutron does not know', () => '{"NeutronError":{"type":"HTTPNotFound","message":"","detail":""}}'],
])('a proxy that answers %s deletes none', async (_what, answer) => {
  const id = fake.state.add(1);
  follow(id, fake.state.add(2));
  const { look } = setUp();
  await look();
  fake.state.ports.delete(id);
  fake.state.override = (request, response) => {
    const url = request.url ?? '';
    const body = answer(url);
    if (body === null || (!url.includes('/ports?') && !url.includes(id))) return false;
    if (url.includes('/ports?') && !body.startsWith('{"ports"')) return false;
    response.writeHead(url.includes('/ports?') ? 200 : 404).end(body);
    return true;
  };
  for (let i = 0; i < 5; i++) expect(await look()).toEqual([]);
  fake.state.override = null;
  expect(await look()).toEqual([{ kind: 'deleted', portId: id }]);
});

test('answers that are cut at Neutron’s limit delete what is gone, and no more', async () => {
  const ids = Array.from({ length: 9 }, (_, n) => fake.state.add(n + 1));
  follow(...ids);
  const { look } = setUp();
  await look();
  fake.state.maxPage = 2;
  for (const n of [1, 2, 3, 5, 8]) fake.state.ports.delete(uuid(n));
  expect(await look()).toEqual([]);
  const gone = (await look()).map((change) => (change.kind === 'deleted' ? change.portId : change.kind));
  expect(gone.sort()).toEqual([1, 2, 3, 5, 8].map(uuid));
});

test('a Neutron that has none of the ports may be the wrong one, and deletes none', async () => {
  follow(uuid(7), uuid(8));
  fake.state.add(2);
  const { look } = setUp();
  for (let i = 0; i < 5; i++) expect(await look()).toEqual([]);
});

test('a port that went while we were not running is noticed, once another one shows whose Neutron it is', async () => {
  follow(uuid(7), fake.state.add(2));
  const { look } = setUp();
  await look();
  expect(await look()).toEqual([{ kind: 'deleted', portId: uuid(7) }]);
});

test('in a cloud without any port nobody can tell, so nothing is deleted', async () => {
  follow(uuid(7));
  const { look } = setUp();
  for (let i = 0; i < 5; i++) expect(await look()).toEqual([]);
});

test('what the handler could not deal with comes again', async () => {
  const id = fake.state.add(1);
  follow(id);
  let failures = 2;
  const { rounds, look } = setUp(() =>
    failures-- > 0 ? Promise.reject(new Error('etcd is away')) : Promise.resolve(),
  );
  await expect(look()).rejects.toThrow('etcd is away');
  await expect(look()).rejects.toThrow('etcd is away');
  await look();
  expect(rounds).toMatchObject([[{ kind: 'seen' }]]);
});

test('run looks at intervals, goes on after errors, and ends when told', async () => {
  const id = fake.state.add(1);
  follow(id);
  let fail = true;
  const { clock, rounds, watcher } = setUp(() => (fail ? Promise.reject(new Error('no')) : Promise.resolve()));
  const stop = new AbortController();
  const running = watcher.run(stop.signal);
  await vi.waitFor(() => expect(fake.state.requests).toHaveLength(1));
  fail = false;
  await vi.waitFor(() => {
    clock.step();
    expect(rounds).toHaveLength(1);
  });
  expect(watcher.age()).not.toBeNull();
  fake.state.add(1, { status: 'DOWN' });
  await vi.waitFor(() => {
    clock.step();
    expect(rounds).toHaveLength(2);
  });
  stop.abort();
  await running;
});

test('run looks at once when woken, at what is new alone; that a new port is not there yet says nothing', async () => {
  follow(fake.state.add(1));
  const { rounds, watcher } = setUp();
  const stop = new AbortController();
  const running = watcher.run(stop.signal);
  await vi.waitFor(() => expect(rounds).toHaveLength(1));
  // No time passes in this test.
  follow(fake.state.add(2), uuid(3));
  for (let i = 0; i < 5; i++) {
    const before = fake.state.requests.length;
    watcher.wake();
    await vi.waitFor(() => expect(fake.state.requests.length).toBeGreaterThan(before));
    expect(fake.state.requests.at(-1)).not.toContain(uuid(1));
  }
  expect(rounds).toMatchObject([[{ kind: 'seen' }], [{ kind: 'seen', port: { id: uuid(2) } }]]);
  const { changes } = await watcher.look(never);
  expect(changes).toEqual([]);
  stop.abort();
  await running;
});

test('applying the changes to the earlier snapshot gives the later one', () => {
  const port = (id: string, hostId: string): NeutronPort => ({
    id,
    projectId: 'p',
    networkId: 'n',
    deviceOwner: '',
    deviceId: '',
    adminStateUp: true,
    status: 'ACTIVE',
    binding: { hostId, vifType: 'vhostuser' },
  });
  const ports = fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('h1', 'h2'))
    .map((hosts) => new Map(Object.entries(hosts).map(([id, host]) => [id, port(id, host)])));
  fc.assert(
    fc.property(ports, ports, (before, after) => {
      const deleted = [...before.keys()].filter((id) => !after.has(id));
      const replayed = new Map(before);
      const changes = diffPorts(before, after, deleted);
      for (const change of changes) {
        if (change.kind === 'deleted') replayed.delete(change.portId);
        else replayed.set(change.port.id, change.port);
      }
      expect(replayed).toEqual(after);
      expect(diffPorts(after, after, [])).toEqual([]);
    }),
  );
});

test('a port that may be gone is polled now and once more, long before the next regular poll', async () => {
  const [mine, other] = [fake.state.add(1), fake.state.add(2)];
  follow(mine, other);
  const { clock, rounds, watcher } = setUp();
  const end = new AbortController();
  const running = watcher.run(end.signal);
  await vi.waitFor(() => expect(rounds).toHaveLength(1));
  const asked = fake.state.requests.length;
  watcher.suspect(other);
  await vi.waitFor(() => expect(fake.state.requests.length).toBeGreaterThan(asked));
  fake.state.ports.delete(mine);
  watcher.suspect(mine);
  await vi.waitFor(() => expect(clock.asleep).toBe(500));
  expect(rounds).toHaveLength(1);
  clock.step();
  await vi.waitFor(() => expect(rounds.slice(1)).toEqual([[{ kind: 'deleted', portId: mine }]]));
  expect(clock.monotonic()).toBe(500);
  await vi.waitFor(() => expect(clock.asleep).toBe(9_500));
  end.abort();
  await running;
});
