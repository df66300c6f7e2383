import { type Cloud, readyz } from '@taas/lab';
import { keys } from '@taas/model';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agentMessages, connect, type VppClient } from 'vpp-api';
import { startFastCloud } from '../scenarios/fast-cloud.js';
import type { LogLine } from '../scenarios/recording-logger.js';
import { hostileKeys } from './hostile-keys.js';
import { hostileValue } from './hostile-values.js';
import { uuid } from './stack.js';
import { statusOf, type TapOfProject, tapOf } from './tap-of-project.js';

// Servers and agents as they are, switches that are simulators: whatever stands under keys of others, taps of node-a and node-b
// are wired, work, and go. TAAS_HOSTILE_RUNS says how often, TAAS_HOSTILE_SEED with which seed; a failure prints its own.
const runs = Number(process.env['TAAS_HOSTILE_RUNS'] ?? 6);
const seed = process.env['TAAS_HOSTILE_SEED'];
const honest = ['node-a', 'node-b'] as const;

let cloud: Cloud;
const log: LogLine[] = [];
const switches: VppClient<typeof agentMessages>[] = [];

beforeAll(async () => {
  cloud = await startFastCloud({ nodes: [...honest, 'node-evil'], transport: 'vxlan', log });
  // What its agent would write is written by somebody else.
  await cloud.node('node-evil').agent.stop();
  for (const [node, port, project] of [
    ['node-a', uuid(1), 'acme'],
    ['node-b', uuid(2), 'acme'],
    ['node-b', uuid(3), 'other'],
    ['node-a', uuid(4), 'other'],
  ] as const) {
    await cloud.bindings.bind(node, port, project);
    await cloud.node(node).switch.addPort({ id: port, bridgeDomain: project === 'acme' ? 20 : 30 });
  }
  for (const node of honest)
    switches.push(
      await connect({ socketPath: cloud.node(node).switch.apiSocket, clientName: 'look', messages: agentMessages }),
    );
});
afterAll(async () => {
  for (const each of switches) await each.close();
  await cloud?.stop();
});

const works = (each: TapOfProject) =>
  cloud.until(`${each.project}'s tap is ACTIVE`, async () => (await statusOf(cloud, each)) === 'ACTIVE', 20_000);

/** Whether anything of a tap service is left in the switches of the honest nodes. */
async function stands({ service, flow }: TapOfProject): Promise<boolean> {
  const all = await Promise.all(
    switches.map(async (vpp) => [
      ...(await vpp.dump('bridge_domain_dump', { bd_id: 0xffffffff, sw_if_index: 0xffffffff })).map((d) => d.bd_tag),
      ...(
        await vpp.dump('sw_interface_dump', { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' })
      ).map((d) => d.tag),
    ]),
  );
  return all.flat().some((tag) => tag.includes(service) || tag.includes(flow));
}

it(
  'whatever stands under keys of others, taps of neighbours are wired, work, and go',
  async () => {
    const standing = [
      await tapOf(cloud, 'acme', { source: uuid(1), collector: uuid(2) }),
      await tapOf(cloud, 'other', { source: uuid(3), collector: uuid(4) }),
    ];
    for (const each of standing) await works(each);
    const all = fc.tuple(...hostileKeys.map(({ schema, record }) => hostileValue(schema, record)));
    let malformed = 0;
    const property = fc.asyncProperty(all, async (values) => {
      const since = log.length;
      for (const [n, { key }] of hostileKeys.entries()) await cloud.put(key, values[n] ?? '');
      const fresh = await tapOf(cloud, 'acme', { source: uuid(1), collector: uuid(2) });
      await works(fresh);
      expect(await stands(fresh)).toBe(true);
      for (const each of standing) await works(each);
      const gone = await cloud.ask('DELETE', `tap_services/${fresh.service}`, { project: 'acme' });
      expect(gone.status).toBe(204);
      await cloud.until('a deleted tap leaves the switches', async () => !(await stands(fresh)), 20_000);
      await cloud.until(
        'and its nodes',
        async () =>
          (await cloud.store.get(keys.nodeResource('node-a', 'tap_flows', fresh.flow))) === undefined &&
          (await cloud.store.get(keys.nodeResource('node-b', 'tap_services', fresh.service))) === undefined,
        20_000,
      );
      for (const kind of ['tap_services', 'tap_flows', 'tap_mirrors', 'tapped_ports'])
        expect((await cloud.ask('GET', kind, { project: 'admin', roles: 'admin' })).status, kind).toBe(200);
      expect((await readyz(cloud.server())).status).toBe(200);
      const said = log.slice(since);
      expect(said.filter(({ message }) => message === 'a reconcile pass was not finished')).toEqual([]);
      malformed += said.filter(({ message }) => /malformed|cannot be used/.test(message)).length;
    });
    await fc.assert(property, {
      ...{ numRuns: runs, endOnFailure: true },
      ...(seed === undefined ? {} : { seed: Number(seed) }),
    });
    // The control: hardly any of it could be used.
    expect(malformed).toBeGreaterThan(runs * 5);
  },
  30_000 + runs * 10_000,
);
