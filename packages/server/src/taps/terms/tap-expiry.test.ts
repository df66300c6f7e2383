import { randomUUID } from 'node:crypto';
import { type AuditEntry, keys, prefixes, tapFlowCodec } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { type Leadership, StoreError } from '@taas/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Audit, createAudit } from '../../audit/audit.js';
import { Slices } from '../../slices/slices.js';
import { acme, portId, type Replica, TestCloud } from '../../test-cloud.suite.js';
import { OwnWrites } from '../../view/own-writes.js';
import { mostOfRound, TapExpiry } from './tap-expiry.js';

const hour = 3_600_000;
let cloud: TestCloud;
let server: Replica;
let audit: Audit;
let shift = 0;
let leadership: Leadership;
const stop = new AbortController();
const clock = { ...systemClock, now: () => systemClock.now() + shift };

beforeEach(async () => {
  shift = 0;
  cloud = new TestCloud();
  for (let n = 1; n <= 2; n++) await cloud.bind('node1', portId(n), acme);
  await cloud.agent('node1');
  server = await cloud.replica({ clock });
  await cloud.lead(server);
  audit = newAudit(server);
  void audit.run(stop.signal);
  const { revision = 0 } = { revision: (await cloud.store.get(keys.leader))?.modRevision };
  leadership = { signal: stop.signal, fence: { kind: 'mod-revision', key: keys.leader, revision } };
  await vi.waitFor(() => expect(audit.log.fresh).toBe(true));
});
afterEach(() => cloud.stop());

function newAudit({ live, store }: Replica): Audit {
  const options = { file: '', required: false, keep_days: 90, keep_records: 1000 };
  const deps = { store, live, clock, logger: silentLogger, random: () => 0, newId: randomUUID };
  return createAudit(options, { ...deps, slices: new Slices({ clock }) });
}

function expiry(of = audit): TapExpiry {
  return new TapExpiry({
    ...{ store: of.store, live: server.live, writes: new OwnWrites(), catchUpMs: 5_000, warnBeforeMs: hour },
    ...{ isTold: (key) => of.log.trail.has(key), behalves: of.behalves, slices: new Slices({ clock }) },
    ...{ clock, logger: silentLogger },
  });
}

const alice = (method: string, path: string, body?: unknown) => server.as(acme)(method, `/v2.0/taas/${path}`, body);
const at = (hours: number) => new Date(Date.now() + hours * hour).toISOString();

async function flow(hours: number | null): Promise<{ service: string; id: string }> {
  const made = await alice('POST', 'tap_services', { tap_service: { port_id: portId(1) } });
  const service = made.body.tap_service.id;
  const wanted = { tap_service_id: service, source_port: portId(2), direction: 'IN' };
  const expires_at = hours === null ? null : at(hours);
  const reply = await alice('POST', 'tap_flows', { tap_flow: { ...wanted, expires_at } });
  return { service, id: reply.body.tap_flow.id };
}

async function entries(id: string): Promise<AuditEntry[]> {
  const all = [...(await cloud.read(prefixes.auditEntries)).values()];
  return all.flatMap(({ json }) => json['entries'] as readonly AuditEntry[]).filter(({ tap }) => tap?.id === id);
}

/** Until the trail has what was written. */
async function round(of = expiry()): Promise<void> {
  await cloud.caughtUp();
  await of.round(leadership);
  const written = (await cloud.read(prefixes.auditEntries)).size;
  await vi.waitFor(() => expect(audit.log.trail.size).toBe(written));
  await cloud.converge(['node1']);
}

describe('a tap whose time is over', () => {
  it('goes from API and node as if its user had deleted it, and the trail says why; before that it stays', async () => {
    const { id, service } = await flow(2);
    await cloud.converge(['node1']);
    const key = keys.nodeResource('node1', 'tap_flows', id);
    await round();
    expect((await cloud.nodeRecords()).has(key)).toBe(true);
    shift = 2 * hour - 30_000;
    await round();
    expect((await cloud.nodeRecords()).has(key)).toBe(true);
    shift = 2 * hour + 1_000;
    await round();
    expect((await cloud.nodeRecords()).has(key)).toBe(false);
    expect((await alice('GET', `tap_flows/${id}`)).status).toBe(404);
    expect((await alice('GET', `tap_services/${service}`)).status).toBe(200);
    const [deleted] = (await entries(id)).filter(({ event }) => event === 'deleted');
    expect(deleted).toMatchObject({ user_id: null, detail: expect.stringMatching(/^its time was over: .* 2/) });
    expect(deleted?.tap?.expires_at).toBeGreaterThan(0);
  });

  it('is found among those that end alone, however many stay', async () => {
    const staying = await flow(null);
    const { id, service } = await flow(2);
    await cloud.caughtUp();
    const { expiring } = server.live.view;
    const all = () => [...expiring.tap_services, ...expiring.tap_flows, ...expiring.tap_mirrors];
    expect(all()).toEqual([id]);
    await alice('PUT', `tap_services/${staying.service}`, { tap_service: { expires_at: at(1) } });
    await alice('DELETE', `tap_services/${service}`);
    await cloud.converge(['node1']);
    expect(all()).toEqual([staying.service]);
    // Another server that starts now.
    const { live } = await cloud.replica({ clock });
    expect([...live.view.expiring.tap_services]).toEqual([staying.service]);
  });

  it('takes the flows of a tap service along, whatever their own end', async () => {
    const { id, service } = await flow(9);
    await alice('PUT', `tap_services/${service}`, { tap_service: { expires_at: at(1) } });
    await cloud.converge(['node1']);
    shift = hour + 1_000;
    await round();
    expect((await alice('GET', `tap_flows/${id}`)).status).toBe(404);
    expect((await alice('GET', `tap_services/${service}`)).status).toBe(404);
    expect((await cloud.nodeRecords()).size).toBe(0);
  });

  it('stays if it is renewed at the last moment, seen by the view or not', async () => {
    const { id } = await flow(1);
    await cloud.converge(['node1']);
    shift = hour + 1_000;
    const renewed = {
      ...audit,
      store: {
        ...audit.store,
        get: async (key: string) => {
          // Between the look and the removal.
          const entry = await cloud.store.get(key);
          if (!entry) return entry;
          const record = tapFlowCodec.parse(key, entry.value);
          await cloud.put(key, tapFlowCodec.format({ ...record, expires_at: clock.now() + hour }));
          return audit.store.get(key);
        },
      },
    };
    await round(expiry(renewed));
    expect((await alice('GET', `tap_flows/${id}`)).body.tap_flow).toMatchObject({ id, status: 'ACTIVE' });
    const race = {
      ...audit,
      store: {
        ...audit.store,
        transact: async (...[what]: Parameters<Audit['store']['transact']>) => {
          // Between the removal's look and its write.
          const key = keys.resource('tap_flows', id);
          const record = tapFlowCodec.parse(key, (await cloud.store.get(key))?.value ?? '');
          if ((record.expires_at ?? 0) <= clock.now())
            await cloud.put(key, tapFlowCodec.format({ ...record, expires_at: clock.now() + hour }));
          return audit.store.transact(what);
        },
      },
    };
    shift += hour + 1_000;
    await round(expiry(race));
    expect((await alice('GET', `tap_flows/${id}`)).body.tap_flow).toMatchObject({ id, status: 'ACTIVE' });
  });

  it('does not hold up others by failing, and what is left is done in the next round', async () => {
    // No node is told of any: what goes is gone.
    await cloud.standDown();
    const { service } = await flow(null);
    const wanted = (n: number) => ({
      tap_service_id: service,
      source_port: portId(2),
      direction: 'IN',
      expires_at: at(1),
      name: `${n}`,
    });
    for (let n = 0; n < mostOfRound.removed + 10; n += 100) {
      const bulk = Array.from({ length: Math.min(100, mostOfRound.removed + 10 - n) }, (_, i) => wanted(n + i));
      expect((await alice('POST', 'tap_flows', { tap_flows: bulk })).status).toBe(201);
    }
    shift = hour + 1_000;
    await cloud.caughtUp();
    const count = async () => (await cloud.read(prefixes.tapFlows)).size;
    const total = await count();
    const [first] = [...server.live.view.flows.keys()].slice(1);
    let isBroken = true;
    const failing = {
      ...audit,
      store: {
        ...audit.store,
        get: async (key: string) => {
          if (isBroken && key === keys.resource('tap_flows', first ?? ''))
            throw new StoreError('unavailable', 'no etcd');
          return audit.store.get(key);
        },
      },
    };
    await cloud.caughtUp();
    await expiry(failing).round(leadership);
    expect(await count()).toBe(total - mostOfRound.removed + 1);
    isBroken = false;
    await cloud.caughtUp();
    await expiry(failing).round(leadership);
    // That without an end is left.
    expect(await count()).toBe(1);
  });

  it('has its turn though as many as a round takes fail in every round', async () => {
    await cloud.standDown();
    const { service } = await flow(null);
    const wanted = { tap_service_id: service, source_port: portId(2), direction: 'IN', expires_at: at(1) };
    const bulk = Array.from({ length: mostOfRound.removed }, () => wanted);
    const { body } = await alice('POST', 'tap_flows', { tap_flows: bulk });
    const stuck = new Set(body.tap_flows.map(({ id }: { id: string }) => keys.resource('tap_flows', id)));
    const last = (await alice('POST', 'tap_flows', { tap_flow: wanted })).body.tap_flow.id;
    shift = hour + 1_000;
    await cloud.caughtUp();
    const tried: string[] = [];
    const get = async (key: string) => {
      if (!stuck.has(key)) return audit.store.get(key);
      tried.push(key);
      throw new StoreError('unavailable', 'no etcd');
    };
    const leader = expiry({ ...audit, store: { ...audit.store, get } });
    await leader.round(leadership);
    expect((await cloud.read(prefixes.tapFlows)).has(keys.resource('tap_flows', last))).toBe(true);
    await cloud.caughtUp();
    await leader.round(leadership);
    expect((await cloud.read(prefixes.tapFlows)).has(keys.resource('tap_flows', last))).toBe(false);
    // Nor does one of those that fail keep another of them from being tried.
    await leader.round(leadership);
    const times = [...stuck].map((key) => tried.filter((each) => each === key).length);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
  });
});

describe('a tap that ends soon', () => {
  it('is told of once in the trail, by whichever leader, and once more when it was renewed', async () => {
    const { id } = await flow(2);
    const told = async () => (await entries(id)).filter(({ event }) => event === 'expiring').length;
    await round();
    expect(await told()).toBe(0);
    shift = 1.5 * hour;
    // Two that do not know of each other.
    await cloud.caughtUp();
    const blind = { ...audit, log: { ...audit.log, trail: { has: () => false } } } as unknown as Audit;
    await expiry(blind).round(leadership);
    const written = async () =>
      [...(await cloud.read(`${prefixes.auditEntries}expiring`)).values()].map(({ kv }) => kv.modRevision);
    const first = await written();
    await expiry(blind).round(leadership);
    expect(await written()).toEqual(first);
    await round();
    expect(await told()).toBe(1);
    await alice('PUT', `tap_flows/${id}`, { tap_flow: { expires_at: at(3) } });
    await round();
    expect(await told()).toBe(1);
    shift = 2.5 * hour;
    await round();
    expect(await told()).toBe(2);
  });

  it('is told of where it goes with its tap service, and once more when that is renewed', async () => {
    const { id, service } = await flow(null);
    const told = async () => (await entries(id)).filter(({ event }) => event === 'expiring').map((each) => each.detail);
    await alice('PUT', `tap_services/${service}`, { tap_service: { expires_at: at(1) } });
    await round();
    await round();
    expect(await told()).toEqual([expect.stringMatching(/^it ends with its tap service at 2/)]);
    await alice('PUT', `tap_services/${service}`, { tap_service: { expires_at: at(3) } });
    await round();
    expect(await told()).toHaveLength(1);
    shift = 2.5 * hour;
    await round();
    expect(await told()).toHaveLength(2);
  });

  it('is told of by the leader alone', async () => {
    const { id } = await flow(0.5);
    await cloud.caughtUp();
    await cloud.put(keys.leader, 'another one');
    await expiry().round(leadership);
    expect((await entries(id)).filter(({ event }) => event === 'expiring')).toEqual([]);
  });
});
