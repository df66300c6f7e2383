import { root } from '@taas/model';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Slices } from '../slices/slices.js';
import { acme, portId, umbrella } from '../test-cloud.suite.js';
import { collection, flowTo, type Planning, planningCloud, planPath, type Resource } from './planning.suite.js';

let cloud: Planning['cloud'];
let server: Planning['server'];
let alice: Planning['alice'];
let admin: Planning['admin'];
let make: Planning['make'];
let service: Planning['service'];
let planCreate: Planning['planCreate'];
let planDelete: Planning['planDelete'];
let everything: Planning['everything'];

beforeEach(async () => {
  ({ cloud, server, alice, admin, make, service, planCreate, planDelete, everything } = await planningCloud());
});
afterEach(() => cloud.stop());

/** Anything that somebody may send for a port or a tap service, right and wrong. */
const port = fc.oneof(
  fc.constantFrom(1, 2, 3, 4, 9, 11, 99).map(portId),
  fc.constantFrom<unknown>('x', 'FA16'.repeat(8), null, 5),
);
const project = fc.constantFrom(undefined, acme, umbrella);
const without = (given: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
const wanted = (services: readonly string[]) =>
  fc.oneof(
    fc.record({ port_id: port, name: fc.constantFrom(undefined, 'n', 3), project_id: project }).map((given) => ({
      resource: 'tap_service' as const,
      given: without(given),
    })),
    fc
      .record({
        tap_service_id: fc.constantFrom(...services, portId(77)),
        source_port: port,
        direction: fc.constantFrom('IN', 'OUT', 'BOTH', 'in'),
        filter_rules: fc.constantFrom(undefined, [], [{ action: 'accept' }], [{ action: 'x' }]),
        project_id: project,
      })
      .map((given) => ({ resource: 'tap_flow' as const, given: without(given) })),
    fc
      .record({
        port_id: port,
        mirror_type: fc.constantFrom('gre', 'erspanv1'),
        remote_ip: fc.constantFrom('192.0.2.1', '127.0.0.1', 'x'),
        directions: fc.constantFrom({ IN: 5 }, { IN: 5, OUT: 2000 }, {}, { BOTH: 7 }),
        project_id: project,
      })
      .map((given) => ({ resource: 'tap_mirror' as const, given: without(given) })),
  );

describe('what a plan admits', () => {
  const outcome = ({ status, body }: Awaited<ReturnType<Planning['alice']>>) =>
    status < 300 ? 'done' : [status, body.NeutronError];
  const callers = fc.constantFrom(...([[acme], [acme, 'reader'], [umbrella], [umbrella, 'admin']] as const));

  it('is what the request itself admits, with the same error else, and it writes nothing', async () => {
    const services = [await service(portId(1))];
    const seen = new Set<string>();
    const kinds = ['201', '204', 'HTTPBadRequest', 'PortNotFound'];
    const property = fc.asyncProperty(
      fc.array(fc.tuple(callers, wanted(services), fc.boolean()), { minLength: 1, maxLength: 12 }),
      async (requests) => {
        const made: { resource: Resource; id: string }[] = [];
        for (const [[who, role = 'member'], { resource, given }, goes] of requests) {
          const as = server.as(who, role);
          const target = made[0];
          await cloud.caughtUp();
          const before = await everything();
          const plan =
            goes && target ? await planDelete(target.resource, target.id, as) : await planCreate(resource, given, as);
          expect(await everything()).toEqual(before);
          const real =
            goes && target
              ? await as('DELETE', `/v2.0/taas/${collection[target.resource]}/${target.id}`)
              : await as('POST', `/v2.0/taas/${collection[resource]}`, { [resource]: given });
          expect(outcome(plan)).toEqual(outcome(real));
          seen.add(String(real.status < 300 ? real.status : real.body.NeutronError.type));
          if (real.status === 201) made.push({ resource, id: real.body[resource].id });
          if (real.status === 204) made.shift();
        }
        for (const { resource, id } of made) await admin('DELETE', `/v2.0/taas/${collection[resource]}/${id}`);
      },
    );
    // Until bodies of all sorts were among them: by chance one may be missing from 40 runs.
    for (let round = 0; round === 0 || (round < 5 && !kinds.every((each) => seen.has(each))); round += 1)
      await fc.assert(property, { numRuns: 40 });
    expect([...seen]).toEqual(expect.arrayContaining(kinds));
  }, 60_000);
});

describe('what refuses the request refuses the plan', () => {
  it.each<[string, number, Resource, (to: string) => object]>([
    ['OverQuota', 409, 'tap_service', () => ({ port_id: portId(7) })],
    ['TapMirrorTunnelConflict', 409, 'tap_mirror', () => mirror],
    ['TapSourceIsCollector', 409, 'tap_mirror', () => ({ ...mirror, port_id: portId(1) })],
    ['TapSourceIsServicePort', 409, 'tap_flow', (to) => flowTo(to, portId(1))],
    ['TapServicePortIsSource', 409, 'tap_service', () => ({ port_id: portId(3) })],
    ['TapServiceNotFound', 404, 'tap_flow', () => flowTo(portId(77), portId(2))],
    ['PortNotFound', 404, 'tap_flow', (to) => flowTo(to, portId(11))],
  ])('%s', async (type, status, resource, given) => {
    const to = await service();
    await service(portId(5));
    await make('tap_mirror', mirror);
    await cloud.caughtUp();
    const before = await everything();
    const plan = await planCreate(resource, given(to));
    expect(await everything()).toEqual(before);
    const real = await alice('POST', `/v2.0/taas/${collection[resource]}`, { [resource]: given(to) });
    expect([plan.status, plan.body]).toEqual([real.status, real.body]);
    expect([plan.status, plan.body.NeutronError.type]).toEqual([status, type]);
  });
});
const mirror = { port_id: portId(3), mirror_type: 'gre', remote_ip: '192.0.2.9', directions: { IN: 7 } };

describe('a plan is bounded as the request', () => {
  it('counts as a request, and is refused where the project has written too much, without counting as a write', async () => {
    const to = await service();
    const busy = await cloud.replica({ writes: { writesPerMinute: 8, bytesPerMinute: 0 } });
    const as = busy.as(acme);
    const body = { plan: { create: { tap_flow: flowTo(to, portId(2)) } } };
    for (let n = 0; n < 5; n++) expect((await as('POST', planPath, body)).status).toBe(200);
    for (const n of [2, 3])
      expect((await as('POST', '/v2.0/taas/tap_flows', { tap_flow: flowTo(to, portId(n)) })).status).toBe(201);
    const refused = [await as('POST', planPath, body), await as('POST', '/v2.0/taas/tap_flows', body.plan.create)];
    expect(refused.map(({ status, body: { NeutronError } }) => [status, NeutronError.message])).toEqual([
      [429, 'The project has written too much: try again later.'],
      [429, 'The project has written too much: try again later.'],
    ]);
    const limited = await cloud.replica({ rate: { perSecond: 0.001, burst: 2 } });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await limited.as(acme)('POST', planPath, body)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('is of one state of the tap service, or refused while that changes all the time', async () => {
    const to = await service();
    await make('tap_flow', flowTo(to, portId(3)));
    let changes = 0;
    let now = 0;
    let isCalm = false;
    const touch = async () => {
      changes += 1;
      await cloud.unbind('node1', portId(3));
      await cloud.bind('node1', portId(3), acme);
      await cloud.caughtUp();
    };
    // Every slice is over after one step.
    const nextLap = (run: () => void) => void (isCalm ? Promise.resolve() : touch()).then(run);
    const slices = new Slices({ clock: { monotonic: () => (now += 1_000) }, nextLap });
    const asked = (await cloud.replica({ slices })).as(acme);
    const plan = () => asked('POST', planPath, { plan: { create: { tap_flow: flowTo(to, portId(2)) } } });
    expect((await plan()).body.NeutronError.message).toBe('The tap service changes at the moment: try again.');
    expect(changes).toBeGreaterThan(3);
    isCalm = true;
    expect((await plan()).status).toBe(200);
  });

  it('holds no more of a project at a time than lists do', async () => {
    const to = await service();
    const held: (() => void)[] = [];
    let isOpen = false;
    const nextLap = (run: () => void) => void (isOpen ? setImmediate(run) : held.push(run));
    const slices = new Slices({ clock: { monotonic: () => 0 }, nextLap });
    const asked = (await cloud.replica({ slices, limits: { projectLists: 1 } })).as(acme);
    const all = Array.from({ length: 10 }, () => asked('POST', planPath, { plan: { delete: { tap_service: to } } }));
    expect((await Promise.race(all)).status).toBe(429);
    isOpen = true;
    for (const run of held) run();
    const statuses = (await Promise.all(all)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(9).fill(200), 429]);
  });

  it('is refused where etcd has no room', async () => {
    const full = await cloud.replica({
      checkRoom: () => {
        throw new Error('no room');
      },
    });
    const reply = await full.as(acme)('POST', planPath, { plan: { create: { tap_service: { port_id: portId(1) } } } });
    expect(reply.status).toBe(500);
    expect((await cloud.store.list(`${root}/taas/`)).entries).toEqual([]);
  });
});
