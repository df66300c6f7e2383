import { keys, tapServiceCodec } from '@taas/model';
import { parseConfig, systemClock } from '@taas/service';
import { createEmbeddedStore } from '@taas/store';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkServerConfig, serverConfigSchema } from './config.js';
import type { WantedTap } from './migrate/plan-migration.js';
import { MigrationReport } from './migrate/report.js';
import { Migration } from './migration.js';
import { FakeNeutron } from './ports/fake-bindings.suite.js';
import { acme, portId, umbrella } from './test-cloud.suite.js';

const serviceId = (n: number) => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, '0')}`;
const service = (n: number, port = n, more: object = {}): WantedTap => ({
  ...{ kind: 'tap_services', id: serviceId(n), keys: [`/old/${n}`], note: '' },
  attributes: { project_id: acme, name: '', description: '', port_id: portId(port), ...more },
});

let neutron: FakeNeutron;
let store: ReturnType<typeof createEmbeddedStore>;
let end: AbortController;
let background: Promise<void>[];

beforeEach(() => {
  neutron = new FakeNeutron();
  for (const port of [1, 2, 3]) neutron.bind(port, 'node1');
  neutron.bind(4, 'node1', 'vhostuser', umbrella);
  store = createEmbeddedStore({ clock: systemClock });
  end = new AbortController();
  background = [];
});
afterEach(async () => {
  end.abort();
  await Promise.all(background);
  await store.close();
});

async function migrate(wanted: readonly WantedTap[], apply: boolean, yaml = '{}') {
  const lines: string[] = [];
  const report = new MigrationReport((line) => lines.push(line), apply);
  const config = checkServerConfig(parseConfig(serverConfigSchema, yaml, 'test'), 'test');
  let serial = 0;
  const migration = new Migration({
    ...{ config, store, neutron: neutron.client, clock: systemClock, signal: end.signal },
    newId: () => String(++serial),
    follow: (following) => void background.push(following),
  });
  await migration.run({ wanted, refused: [], vlans: [] }, apply, report);
  return { code: report.end(), lines };
}
const stored = async () => (await store.list('/networking-vpp/taas/tap_services/')).entries;

it.each([false, true])(
  'ports are those that Neutron says, and one that is not refuses nobody else (apply: %s)',
  async (apply) => {
    const { code, lines } = await migrate([service(4), service(9), service(1), service(2)], apply);
    expect(lines.slice(0, 4)).toEqual([
      `refused tap_service ${serviceId(4)} The specified port does not belong to the tenant (/old/4)`,
      `refused tap_service ${serviceId(9)} Port ${portId(9)} could not be found. (/old/9)`,
      `${apply ? 'made   ' : 'make   '} tap_service ${serviceId(1)} port ${portId(1)}`,
      `${apply ? 'made   ' : 'make   '} tap_service ${serviceId(2)} port ${portId(2)}`,
    ]);
    expect(code).toBe(3);
    expect(await stored()).toHaveLength(apply ? 2 : 0);
  },
);

it('a dry run counts quotas as --apply does', async () => {
  const yaml = 'quotas: { tap_service: 1 }';
  for (const apply of [false, true]) {
    const { lines } = await migrate([service(1), service(2)], apply, yaml);
    expect(lines[1]).toMatch(/^refused tap_service .*Quota exceeded for resources: \['tap_service'\]/);
  }
  expect(await stored()).toHaveLength(1);
});

it('what nobody can say fails, and is made by the next run', async () => {
  neutron.up = false;
  const first = await migrate([service(1)], true);
  expect(first.lines[0]).toMatch(/^failed {2}tap_service /);
  expect(first.code).toBe(1);
  neutron.up = true;
  expect((await migrate([service(1)], true)).code).toBe(0);
  const again = await migrate([service(1, 1, { name: 'as it was' })], true);
  expect(again.lines[0]).toMatch(/^there {3}tap_service /);
  expect(again.code).toBe(0);
});

it('a flow fails with its tap service, since the next run makes both', async () => {
  neutron.up = false;
  const flow: WantedTap = {
    ...{ kind: 'tap_flows', id: 'bbbbbbbb-0000-4000-8000-000000000001', keys: ['/old/flow'], note: '' },
    attributes: { project_id: acme, tap_service_id: serviceId(1), source_port: portId(2), direction: 'IN' },
  };
  const first = await migrate([service(1), flow], true);
  expect(first.lines[1]).toMatch(/^failed {2}tap_flow .*its tap service failed/);
  neutron.up = true;
  expect((await migrate([service(1), flow], true)).code).toBe(0);
});

it.each([
  ['another port', { port_id: portId(3) }, /and another port_id/],
  ['another project', { project_id: umbrella }, /and another project_id/],
])('one with the same id and %s is not taken for it', async (_what, more, reason) => {
  await migrate([service(1)], true);
  const { lines, code } = await migrate([service(1, 1, more)], true);
  expect(lines[0]).toMatch(reason);
  expect(code).toBe(3);
});

it('one that its owner is deleting is not made again', async () => {
  await migrate([service(1)], true);
  const key = keys.resource('tap_services', serviceId(1));
  const entry = await store.get(key);
  const value = tapServiceCodec.format({ ...tapServiceCodec.parse(key, entry?.value ?? ''), deleting: true });
  await store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
  const { lines } = await migrate([service(1)], true);
  expect(lines[0]).toMatch(/^refused .*is being deleted/);
});

it('a dry run knows what is there', async () => {
  await migrate([service(1)], true);
  const { lines, code } = await migrate([service(1), service(2)], false);
  expect(lines.slice(0, 2).map((line) => line.slice(0, 7))).toEqual(['there  ', 'make   ']);
  expect(code).toBe(0);
});

it('a quota that cannot be read refuses nothing: nobody can say', async () => {
  await store.transact({ compare: [], operations: [{ kind: 'put', key: keys.quota(acme), value: 'spoilt' }] });
  const { lines, code } = await migrate([service(1)], true);
  expect(lines[0]).toMatch(/^failed .*The quota of the project cannot be read/);
  expect(code).toBe(1);
});
