import type { Cloud } from '@taas/lab';
import { keys, tapStateCodec } from '@taas/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProgramCloud } from '../scenarios/program-cloud.js';
import { logLines } from '../scenarios/run-program.js';
import { uuid } from './stack.js';

// The real programs, a real etcd, and simulated switches. Node node-evil is compromised: it writes what it likes under its own
// state. Project evil has a VM there and a collector on the honest node-b, where project acme's collector is, too.
// 07-uncontained.test.ts is the control.
const addresses = [
  ...['garbage', '224.0.0.5', '0.0.0.0', '255.255.255.255', '127.0.0.1', 'x'.repeat(100_000), '999.1.1.1'],
  ...['::ffff:10.99.0.9', 'fe80::1%eth0', '', '\n', '1.2.3.4/24'],
  // Right by themselves, and another node's, or the reader's own, or of the other family.
  ...['10.99.0.1', '10.99.0.2', 'fd00::1'],
];

let cloud: Cloud;

beforeAll(async () => {
  cloud = await startProgramCloud(['node-a', 'node-b', 'node-evil'], { bindings: 'etcd-v2', transport: 'vxlan' });
  await cloud.node('node-evil').agent.process.stop('SIGKILL');
  await cloud.addPort('node-a', { id: uuid(1), bridgeDomain: 20 }, 'acme');
  await cloud.addPort('node-b', { id: uuid(2), bridgeDomain: 30 }, 'acme');
  await cloud.addPort('node-evil', { id: uuid(3), bridgeDomain: 20 }, 'evil');
  await cloud.addPort('node-b', { id: uuid(4), bridgeDomain: 31 }, 'evil');
  // Five programs and an etcd: much for a machine that is busy.
}, 180_000);
afterAll(() => cloud?.stop());

const put = (key: string, value: string) =>
  cloud.store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
const agentSays = (more: object) =>
  put(
    keys.agent('node-evil'),
    JSON.stringify({
      ...{ v: 1, node: 'node-evil', agent_version: '1', vpp_version: '26.06', physnets: [], capabilities: [] },
      ...{ tunnel_address: '10.99.0.3', ...more },
    }),
  );

const until = (what: string, condition: () => Promise<boolean>) => cloud.until(what, condition, 30_000);

async function tap(project: string, collector: string, source: string) {
  const client = cloud.client(project);
  const service = await client.createTapService('s', collector);
  const flow = await client.createTapFlow({
    ...{ name: 'f', tapServiceId: service.id, sourcePort: source, direction: 'BOTH' },
  });
  return { service: service.id, flow: flow.id };
}

async function call(project: string, method: string, path: string) {
  const answer = await fetch(`${cloud.server(0).url}/v2.0/taas/${path}`, {
    method,
    headers: { 'x-project-id': project },
  });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? {} : (JSON.parse(text) as Record<string, { status?: string }>) };
}
const statusOf = async (project: string, flow: string) =>
  (await call(project, 'GET', `tap_flows/${flow}`)).json['tap_flow']?.status;

/** A neighbour's tap is made, works, and is gone: also from its nodes. */
async function neighbourLives(): Promise<void> {
  const { service, flow } = await tap('acme', uuid(2), uuid(1));
  await until("acme's tap is ACTIVE", async () => (await statusOf('acme', flow)) === 'ACTIVE');
  expect((await call('acme', 'DELETE', `tap_services/${service}`)).status).toBe(204);
  const published = [
    keys.nodeResource('node-a', 'tap_flows', flow),
    keys.nodeResource('node-b', 'tap_services', service),
  ];
  await until("acme's tap is gone", async () =>
    (await Promise.all(published.map((key) => cloud.store.get(key)))).every((entry) => entry === undefined),
  );
}

it("a node's own record, whatever address it says, hurts its own taps alone", async () => {
  const evil = await tap('evil', uuid(4), uuid(3));
  for (const tunnel_address of addresses) {
    await agentSays({ tunnel_address });
    await neighbourLives();
    expect(await statusOf('evil', evil.flow), tunnel_address.slice(0, 20)).not.toBe('ACTIVE');
  }
});

it('a record that is none, one of another node, and a state that is from the future are not believed', async () => {
  const { service, flow } = await tap('evil', uuid(4), uuid(3));
  await agentSays({});
  const key = keys.nodeResource('node-evil', 'tap_flows', flow);
  await until('node-evil is told', async () => (await cloud.store.get(key)) !== undefined);
  const revision = (await cloud.store.get(key))?.modRevision ?? 0;
  const state = { v: 1, id: flow, revision, status: 'ACTIVE', reason: '' } as const;
  const say = (value: string) => put(keys.stateResource('node-evil', 'tap_flows', flow), value);
  // The control: what is in order is believed of a node's own part.
  await say(tapStateCodec.format(state));
  await until("evil's tap is ACTIVE", async () => (await statusOf('evil', flow)) === 'ACTIVE');
  for (const hostile of [{ revision: 1e308 }, { revision: 2 ** 52 }, { reason: '\u001b[2J' }, { id: service }]) {
    await say(JSON.stringify({ ...state, ...hostile }));
    await until('it is not', async () => (await statusOf('evil', flow)) !== 'ACTIVE');
  }
  for (const more of [{ node: 'node-a' }, { physnets: 'x' }, { v: 2 }, { capabilities: Array(5000).fill('x') }]) {
    await agentSays(more);
    await neighbourLives();
  }
  await put(keys.agent('node-evil'), `{"v":${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
  await neighbourLives();
});

it("what stands in networking-vpp's keys of etcd's v2 store hurts the ports that it is about", async () => {
  const values = [
    '',
    '{',
    '[]',
    '"x"',
    'null',
    '{"project_id":7}',
    '{"mtu":1e308}',
    'x'.repeat(50_000),
    '\u0000\u2028',
  ];
  const trunks = ['{"sub_ports":7}', '{"sub_ports":[null]}', '{"sub_ports":[{"port_id":{}}]}', '[[[['];
  for (const [n, value] of values.entries())
    await cloud.bindings.put(keys.boundPort('node-evil', uuid(100 + n)), value);
  for (const [n, value] of trunks.entries())
    await cloud.bindings.put(keys.boundTrunk('node-evil', uuid(200 + n)), value);
  for (const key of [keys.boundPort('node-evil', 'no-uuid'), '/networking-vpp/nodes/node-evil/unheard/of/x'])
    await cloud.bindings.put(key, '{}');
  await neighbourLives();
  const said = cloud.servers.flatMap(({ process }) => logLines(process.logFile)).map(({ msg }) => msg);
  expect(said).toContain("malformed key of networking-vpp's: it is left out");
});

it('no pass of an honest agent was left unfinished', () => {
  for (const node of ['node-a', 'node-b']) {
    const said = logLines(cloud.node(node).agent.process.logFile).map(({ msg }) => msg);
    expect(said).toContain('plan carried out');
    expect(said).not.toContain('a reconcile pass was not finished');
  }
});
