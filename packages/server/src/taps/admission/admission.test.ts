import { keys } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { acme, jittery, LaggingStore, portId, type Replica, TestCloud, umbrella } from '../../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
const flows = '/v2.0/taas/tap_flows';
const projects = [acme, umbrella];

/** Ports 0 to 3 are acme's, 4 and 5 umbrella's, 6 and 7 not bound: nobody knows whose they are. */
async function cloudWithPorts(): Promise<TestCloud> {
  const cloud = new TestCloud();
  for (let n = 0; n < 4; n++) await cloud.bind('node1', portId(n), acme);
  for (let n = 4; n < 6; n++) await cloud.bind('node1', portId(n), umbrella);
  return cloud;
}

type Action =
  | { readonly do: 'service'; readonly project: number; readonly port: number }
  | { readonly do: 'flow'; readonly project: number; readonly service: number; readonly port: number }
  | {
      readonly do: 'delete';
      readonly project: number;
      readonly kind: 'tap_services' | 'tap_flows';
      readonly nth: number;
    };

const project = fc.nat(1);
const port = fc.nat(7);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('service' as const), project, port }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('flow' as const), project, service: fc.nat(9), port }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('delete' as const),
      project,
      kind: fc.constantFrom('tap_services' as const, 'tap_flows' as const),
      nth: fc.nat(9),
    }),
  },
);

/** A small seeded generator (mulberry32), so that a failing run can be repeated. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What must hold of the API's records at any time. */
async function checkRecords(cloud: TestCloud): Promise<void> {
  const collectors = new Map<string, string>();
  const owners = new Map<string, string>();
  const all = (await cloud.read('/networking-vpp/taas/tap_services/')).values();
  for (const { json } of all) {
    collectors.set(String(json['port_id']), String(json['id']));
    owners.set(String(json['id']), String(json['project_id']));
  }
  for (const { json } of (await cloud.read('/networking-vpp/taas/tap_flows/')).values()) {
    expect(collectors.has(String(json['source_port']))).toBe(false);
    expect(owners.get(String(json['tap_service_id']))).toBe(json['project_id']);
    const n = Number(String(json['source_port']).slice(-2));
    if (n < 6) expect(json['project_id']).toBe(n < 4 ? acme : umbrella);
  }
}

describe('admission', () => {
  it('never lets a port be source and collector, a flow cross projects, or copies run in circles', async () => {
    let accepted = 0;
    let conflicts = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.array(action, { minLength: 1, maxLength: 6 }), { maxLength: 8 }),
        async (seed, waves) => {
          const cloud = await cloudWithPorts();
          const random = mulberry(seed);
          const slow = () => cloud.replica({ store: jittery(cloud.store.client(), random) });
          const replicas = [await slow(), await slow()];
          await cloud.lead(replicas[0] as Replica);
          const known: string[] = [];
          const run = async (step: Action, index: number) => {
            const ask = (replicas[index % 2] as Replica).as(projects[step.project] ?? acme);
            if (step.do === 'delete') {
              const path = step.kind === 'tap_services' ? services : flows;
              const id = known[step.nth % Math.max(1, known.length)] ?? portId(0);
              return ask('DELETE', `${path}/${id}`);
            }
            if (step.do === 'service') return ask('POST', services, { tap_service: { port_id: portId(step.port) } });
            const tap_service_id = known[step.service % Math.max(1, known.length)] ?? portId(0);
            return ask('POST', flows, {
              tap_flow: { tap_service_id, source_port: portId(step.port), direction: 'IN' },
            });
          };
          try {
            for (const wave of waves) {
              // All of a wave at once, on both replicas.
              const replies = await Promise.all(wave.map(run));
              for (const { status, body } of replies) {
                expect([201, 204, 404, 409]).toContain(status);
                if (status === 201) accepted += 1;
                if (status === 409) conflicts += 1;
                const made = body?.tap_service ?? body?.tap_flow;
                if (made) known.push(made.id);
              }
              await checkRecords(cloud);
            }
            await cloud.settle();
            await checkRecords(cloud);
            await checkRoles(cloud);
          } finally {
            await cloud.stop();
          }
        },
      ),
      { numRuns: 40 },
    );
    // The property means something only if both happen.
    expect(accepted).toBeGreaterThan(50);
    expect(conflicts).toBeGreaterThan(5);
  });

  it('lets one of two opposite wishes win, and the other know', async () => {
    const cloud = await cloudWithPorts();
    try {
      const [one, two] = [await cloud.replica(), await cloud.replica()];
      for (let round = 0; round < 20; round++) {
        const made = await one.as(acme)('POST', services, { tap_service: { port_id: portId(0) } });
        const { id } = made.body.tap_service;
        await cloud.caughtUp();
        const source = { tap_service_id: id, source_port: portId(1), direction: 'IN' };
        const both = await Promise.all([
          one.as(acme)('POST', flows, { tap_flow: source }),
          two.as(acme)('POST', services, { tap_service: { port_id: portId(1) } }),
        ]);
        expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
        const second = both[1].body.tap_service?.id;
        if (second) await two.as(acme)('DELETE', `${services}/${second}`);
        await one.as(acme)('DELETE', `${services}/${id}`);
        await cloud.caughtUp();
      }
    } finally {
      await cloud.stop();
    }
  });

  it('does not let creators of the same kind stand in each other’s way', async () => {
    const cloud = await cloudWithPorts();
    try {
      const replicas = [await cloud.replica(), await cloud.replica()];
      const post = (n: number) =>
        (replicas[n % 2] as Replica).as(acme)('POST', services, { tap_service: { port_id: portId(0) } });
      const replies = await Promise.all(Array.from({ length: 40 }, (_, n) => post(n)));
      expect(replies.every(({ status }) => status === 201)).toBe(true);
    } finally {
      await cloud.stop();
    }
  });

  describe('on a server that looks at the past', () => {
    async function lagging(
      run: (cloud: TestCloud, ahead: Replica, behind: Replica, lag: LaggingStore) => Promise<void>,
    ) {
      const cloud = await cloudWithPorts();
      const lag = new LaggingStore(cloud.store.client());
      try {
        await run(cloud, await cloud.replica(), await cloud.replica({ store: lag, limits: { catchUpMs: 5_000 } }), lag);
      } finally {
        lag.letGo();
        await cloud.stop();
      }
    }

    it('does not give a port the role that another server has just taken away', () =>
      lagging(async (cloud, ahead, behind, lag) => {
        const made = await ahead.as(acme)('POST', services, { tap_service: { port_id: portId(0) } });
        const other = await ahead.as(acme)('POST', services, { tap_service: { port_id: portId(1) } });
        await cloud.caughtUp();
        lag.holdUp();
        await ahead.as(acme)('DELETE', `${services}/${made.body.tap_service.id}`);
        const body = { tap_service_id: other.body.tap_service.id, source_port: portId(0), direction: 'IN' };
        expect((await ahead.as(acme)('POST', flows, { tap_flow: body })).status).toBe(201);
        const late = behind.as(acme)('POST', services, { tap_service: { port_id: portId(0) } });
        await vi.waitFor(() => expect(lag.transactions).toBe(1));
        lag.letGo();
        expect(await late).toMatchObject({ status: 409, body: { NeutronError: { type: 'TapServicePortIsSource' } } });
        await checkRecords(cloud);
      }));

    it('gives a role back with the last flow of a port, and not with one before another that it has not seen', () =>
      lagging(async (cloud, ahead, behind, lag) => {
        const made = await ahead.as(acme)('POST', services, { tap_service: { port_id: portId(0) } });
        const body = { tap_service_id: made.body.tap_service.id, source_port: portId(1), direction: 'IN' };
        const tap = async () => (await ahead.as(acme)('POST', flows, { tap_flow: body })).body.tap_flow.id;
        const [first, role] = [await tap(), keys.portRole(portId(1))];
        await cloud.caughtUp();
        lag.holdUp();
        const second = await tap();
        expect((await behind.as(acme)('DELETE', `${flows}/${first}`)).status).toBe(204);
        expect(lag.transactions).toBe(2);
        expect(await cloud.store.get(role)).toBeDefined();
        lag.letGo();
        await cloud.caughtUp();
        expect((await behind.as(acme)('DELETE', `${flows}/${second}`)).status).toBe(204);
        expect(lag.transactions).toBe(3);
        expect(await cloud.store.get(role)).toBeUndefined();
      }));

    it('adds no flow to a service that another server has just deleted', () =>
      lagging(async (cloud, ahead, behind, lag) => {
        const made = await ahead.as(acme)('POST', services, { tap_service: { port_id: portId(0) } });
        await cloud.caughtUp();
        lag.holdUp();
        await ahead.as(acme)('DELETE', `${services}/${made.body.tap_service.id}`);
        const body = { tap_service_id: made.body.tap_service.id, source_port: portId(1), direction: 'IN' };
        const late = await behind.as(acme)('POST', flows, { tap_flow: body });
        expect(late).toMatchObject({ status: 404, body: { NeutronError: { type: 'TapServiceNotFound' } } });
        expect((await cloud.read('/networking-vpp/taas/tap_flows/')).size).toBe(0);
      }));

    it('says so rather than show a list from before its own last write', () =>
      lagging(async (_cloud, _ahead, behind, lag) => {
        lag.holdUp();
        const made = await behind.as(acme)('POST', services, { tap_service: { port_id: portId(0) } });
        expect(made.status).toBe(201);
        const list = behind.as(acme)('GET', services);
        lag.letGo();
        expect((await list).body.tap_services).toHaveLength(1);
      }));
  });
});

/** Once all is at rest, the ports in use have their roles and no other port has one. */
async function checkRoles(cloud: TestCloud): Promise<void> {
  const expected = new Map<string, string>();
  for (const { json } of (await cloud.read('/networking-vpp/taas/tap_services/')).values()) {
    expected.set(String(json['port_id']), 'collector');
  }
  for (const { json } of (await cloud.read('/networking-vpp/taas/tap_flows/')).values()) {
    expected.set(String(json['source_port']), 'source');
  }
  const roles = await cloud.read('/networking-vpp/taas/port_roles/');
  expect(new Map([...roles].map(([key, { json }]) => [key.split('/').at(-1), json['role']]))).toEqual(expected);
}
