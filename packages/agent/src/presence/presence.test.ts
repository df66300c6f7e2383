import { type AgentRecord, agentCodec, heartbeatCodec, keys } from '@taas/model';
import { type Logger, silentLogger, systemClock } from '@taas/service';
import type { Store } from '@taas/store';
import { createEmbeddedStore, type EmbeddedStore } from '@taas/store/testing';
import { expect, it } from 'vitest';
import { Presence } from './presence.js';

const record = (vpp: string | null): AgentRecord => ({
  ...{ v: 1, node: 'n', agent_version: '1', vpp_version: vpp, tunnel_address: null, physnets: [], capabilities: [] },
});

const presenceIn = (store: EmbeddedStore, client: Store = store.client(), logger: Logger = silentLogger) =>
  new Presence({
    ...{ store: client, node: 'n', ttlSeconds: 10, clock: systemClock, logger, random: () => 0 },
    backoff: { firstMs: 1, maxMs: 5 },
  });

it('is there while the agent runs, comes again when its lease is lost, and stays for a while after the agent', async () => {
  const store = createEmbeddedStore({ clock: systemClock });
  const presence = presenceIn(store);
  const stop = new AbortController();
  const current = async (): Promise<AgentRecord | null> => {
    const entry = await store.get(keys.agent('n'));
    return entry ? agentCodec.parse(entry.key, entry.value) : null;
  };
  const until = async (vpp: string | null) => {
    for (let n = 0; n < 500; n++) {
      if ((await current())?.vpp_version === vpp) return;
      await systemClock.sleep(2);
    }
    throw new Error(`still ${JSON.stringify(await current())}`);
  };
  presence.update(record('1'));
  const kept = presence.keep(stop.signal);
  await until('1');
  store.expireLease();
  await until('1');
  store.stop();
  presence.update(record('2'));
  store.start();
  await until('2');
  stop.abort();
  await kept;
  expect((await current())?.vpp_version).toBe('2');
  await store.close();
});

it('comes again when a second agent of the node has taken it along', async () => {
  const store = createEmbeddedStore({ clock: systemClock });
  const stop = new AbortController();
  const first = presenceIn(store);
  first.update(record('1'));
  const kept = first.keep(stop.signal);
  const there = async () => (await store.get(keys.agent('n'))) !== undefined;
  await expect.poll(there).toBe(true);
  const lease = await store.lease(10);
  const before = await store.transact({
    compare: [],
    operations: [{ kind: 'put', key: keys.agent('n'), value: agentCodec.format(record('1')), lease: lease.id }],
  });
  await lease.revoke();
  await expect.poll(there, { timeout: 5_000 }).toBe(true);
  expect((await store.get(keys.agent('n')))?.modRevision).toBeGreaterThan(before.revision);
  stop.abort();
  await kept;
  await store.close();
});

it('writes a heartbeat with its record and again and again, and no other value twice', async () => {
  const store = createEmbeddedStore({ clock: systemClock });
  const stop = new AbortController();
  const options = { store: store.client(), node: 'n', clock: systemClock, logger: silentLogger, random: () => 0 };
  const presence = new Presence({ ...options, ttlSeconds: 0.2, backoff: { firstMs: 1, maxMs: 5 } });
  presence.update(record('1'));
  const kept = presence.keep(stop.signal);
  const beats = new Map<number, string>();
  const heard = async () => {
    const entry = await store.get(keys.heartbeat('n'));
    if (entry) beats.set(entry.modRevision, heartbeatCodec.format(heartbeatCodec.parse(entry.key, entry.value)));
    return beats.size;
  };
  await expect.poll(heard, { interval: 5, timeout: 5_000 }).toBeGreaterThanOrEqual(4);
  expect(new Set(beats.values()).size).toBe(beats.size);
  // Half the lease's time, so that one that is late is not yet silence.
  for (const text of beats.values()) expect(JSON.parse(text)).toMatchObject({ period_ms: 100 });
  // The record itself is left alone: whoever follows it would have to look at all that depends on it.
  const written = await store.get(keys.agent('n'));
  expect(written?.modRevision).toBe(written?.createRevision);
  stop.abort();
  await kept;
  await store.close();
});

it('takes its own record, seen before the store has answered, for no other agent’s; another’s it tells of', async () => {
  const store = createEmbeddedStore({ clock: systemClock });
  const stop = new AbortController();
  const warnings: unknown[] = [];
  const logger: Logger = { ...silentLogger, warn: ({ revision }, message) => warnings.push([revision, message]) };
  const client = store.client();
  const seen: (() => void)[] = [];
  const slow: Store = {
    get: (key, options) => client.get(key, options),
    list: (prefix, options) => client.list(prefix, options),
    follow: (prefixes, signal) => client.follow(prefixes, signal),
    lease: (seconds, options) => client.lease(seconds, options),
    close: () => client.close(),
    transact: async (transaction, options) => {
      const result = await client.transact(transaction, options);
      await new Promise<void>((resolve) => seen.push(resolve));
      return result;
    },
  };
  const presence = presenceIn(store, slow, logger);
  const kept = presence.keep(stop.signal);
  const answered = async () => {
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    for (const answer of seen.splice(0)) answer();
  };
  const stored = async (vpp: string) => (await store.get(keys.agent('n')))?.value === agentCodec.format(record(vpp));
  presence.update(record('1'));
  await answered();
  presence.update(record('2'));
  await expect.poll(() => stored('2')).toBe(true);
  const put = (value: string) =>
    store.transact({ compare: [], operations: [{ kind: 'put', key: keys.agent('n'), value }] });
  const { revision } = await put(agentCodec.format(record('3')));
  const told = expect.stringMatching(/was overwritten: another agent runs/);
  await expect.poll(() => warnings).toEqual([[revision, told]]);
  await answered();
  stop.abort();
  for (const answer of seen.splice(0)) answer();
  await kept;
  await store.close();
});
