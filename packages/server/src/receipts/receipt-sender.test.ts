import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { keys, receiptCapability, statisticsCapability } from '@taas/model';
import { parseReceipt, type Receipt, vxlanPayload } from '@taas/packets';
import { silentLogger, systemClock } from '@taas/service';
import type { Leadership } from '@taas/store';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeCountingAgent, stage } from '../api/fake-counting-agent.suite.js';
import { Slices } from '../slices/slices.js';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';
import { ReceiptSender, type ReceiptSenderDeps } from './receipt-sender.js';
import { udpSender } from './sender-socket.js';

const address = '192.0.2.9';
const capabilities = [statisticsCapability, receiptCapability];

interface Sent {
  readonly to: string;
  readonly vni: number | undefined;
  readonly receipt: Receipt | null;
}

let sender: ReceiptSender;
let cloud: TestCloud;
let server: Replica;
let agents: FakeCountingAgent[];
let sent: Sent[];
let warnings: string[];
/** What sending throws. */
let failure: Error | null;
let stop: AbortController;
let leading: Promise<void>;

beforeEach(async () => {
  cloud = new TestCloud();
  server = await cloud.replica({ receipts: { most: 10, ofProject: 10 } });
  await cloud.lead(server);
  for (const port of [1, 2, 3]) await cloud.bind('node-1', portId(port), acme);
  await cloud.bind('node-2', portId(4), acme);
  agents = [new FakeCountingAgent(cloud, 'node-1'), new FakeCountingAgent(cloud, 'node-2')];
  for (const agent of agents) await agent.start();
  for (const { node } of agents) await cloud.agent(node, { capabilities });
  [sent, warnings, failure, leading, stop] = [[], [], null, Promise.resolve(), new AbortController()];
});
afterEach(async () => {
  stop.abort();
  await leading;
  for (const agent of agents) await agent.stop();
  await cloud.stop();
});

async function lead(more: Partial<ReceiptSenderDeps> = {}): Promise<void> {
  stop = new AbortController();
  const revision = (await cloud.store.get(keys.leader))?.modRevision ?? 0;
  const fence: Leadership['fence'] = { kind: 'mod-revision', key: keys.leader, revision };
  const logger = {
    ...silentLogger,
    warn: (about: object) => void warnings.push(`${(about as { what?: string }).what}`),
  };
  sender = new ReceiptSender({
    ...{ store: server.store, live: server.live, slices: new Slices({ clock: systemClock }), clock: systemClock },
    ...{ address, listenAddress: address, places: { most: 10, ofProject: 2 }, newId: randomUUID, logger },
    openSender: async () => ({
      send: async (datagram, to) => {
        if (failure) throw failure;
        const inside = vxlanPayload(datagram);
        sent.push({ to, vni: inside?.vni, receipt: inside && parseReceipt(inside.frame) });
      },
      close: async () => undefined,
    }),
    ...more,
  });
  leading = sender.lead({ signal: stop.signal, fence });
}

async function tap(receipts: boolean): Promise<string> {
  const alice = server.as(acme);
  const made = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1), receipts } });
  const { id } = made.body.tap_service;
  const tap_flow = { tap_service_id: id, source_port: portId(4), direction: 'IN' };
  await alice('POST', '/v2.0/taas/tap_flows', { tap_flow });
  await cloud.converge(['node-1', 'node-2']);
  return id;
}

const last = (service: string) => sent.filter(({ receipt }) => receipt?.service === service).at(-1);
const until = async (condition: () => void | Promise<void>): Promise<void> => vi.waitFor(condition, 10_000);

it('tells the collectors that asked for it what all nodes have counted, and no other', async () => {
  await lead();
  const [id, other] = [await tap(true), await tap(false)];
  agents[0]?.set('tap_services', id, [stage('arrived', 7n)]);
  agents[1]?.set('tap_services', id, [stage('seen', 9n, 'IN'), stage('sent', 9n)]);
  for (const agent of agents) await agent.write('tap_services', id);
  await until(() => expect(last(id)?.receipt?.figures?.asked).toBe(9n));
  const told = (await cloud.read(keys.nodeResource('node-1', 'tap_services', id))).values().next().value?.json;
  expect(last(id)?.to).toBe('10.0.0.1');
  expect(told?.['receipts']).toMatchObject({ remote: address, vni: last(id)?.vni });
  expect(last(other)).toBeUndefined();
  agents[1]?.set('tap_services', id, [stage('seen', 12n, 'IN')]);
  await agents[1]?.write('tap_services', id);
  await until(() => expect(last(id)?.receipt?.figures?.asked).toBe(12n));
  const sequences = sent.map(({ receipt }) => receipt?.sequence);
  expect(sequences).toEqual(sequences.map((_, n) => BigInt(n + 1)));
  expect(warnings).toEqual([]);
});

it('a receipt has no figures while one of the nodes does not answer', async () => {
  await lead();
  const id = await tap(true);
  agents[1]?.set('tap_services', id, [stage('seen', 9n)]);
  await agents[1]?.write('tap_services', id);
  await until(() => expect(last(id)?.receipt?.sequence).toBeGreaterThan(2n));
  expect(last(id)?.receipt?.figures).toBeNull();
  expect(sender.facts()).toEqual({ receipts: { tap_services: 1, without_figures: 1, problems: [] } });
  agents[0]?.set('tap_services', id, []);
  await agents[0]?.write('tap_services', id);
  await until(() => expect(last(id)?.receipt?.figures?.asked).toBe(9n));
  expect(sender.state).toMatchObject({ services: 1, withoutFigures: 0 });
});

it('a socket that fails is said once, and tried again', async () => {
  failure = new Error('ENETUNREACH');
  await lead();
  const id = await tap(true);
  await until(() => expect(warnings).toEqual(['sending receipts']));
  const problems = [{ about: 'sending receipts', problem: 'ENETUNREACH' }];
  expect(sender.facts()).toMatchObject({ receipts: { tap_services: 1, problems } });
  failure = null;
  await until(() => expect(last(id)?.receipt?.sequence).toBeGreaterThan(1n));
  await until(() => expect(sender.facts()).toMatchObject({ receipts: { problems: [] } }));
  expect(warnings).toEqual(['sending receipts']);
  failure = new Error('ENETUNREACH');
  await until(() => expect(warnings).toEqual(['sending receipts', 'sending receipts']));
  // Another leads: nothing is said of what this one no longer does.
  stop.abort();
  await leading;
  expect(sender.facts()).toEqual({});
});

it('figures that are nonsense are left out, and others have theirs', async () => {
  await lead();
  const [nonsense, other] = [await tap(true), await tap(true)];
  agents[1]?.set('tap_services', nonsense, [{ stage: 'seen', direction: 'IN', packets: '9'.repeat(20) }]);
  agents[1]?.set('tap_services', other, [stage('seen', 9n, 'IN')]);
  for (const agent of agents)
    for (const id of [nonsense, other]) {
      if (agent === agents[0]) agent.set('tap_services', id, []);
      await agent.write('tap_services', id);
    }
  await until(() => expect(last(other)?.receipt?.figures?.asked).toBe(9n));
  await until(() => expect(warnings).toEqual([`the receipt of tap service ${nonsense}`]));
  expect(last(nonsense)?.receipt?.figures).toBeNull();
});

it('sends no more of a project than it may have, though requests at the same moment let them in', async () => {
  await lead();
  const all = [await tap(true), await tap(true), await tap(true)];
  await until(() => expect(all.filter((id) => last(id) !== undefined)).toHaveLength(2));
  const sequence = () => Math.max(...sent.map(({ receipt }) => Number(receipt?.sequence ?? 0)));
  const before = sequence();
  await until(() => expect(sequence()).toBeGreaterThan(before + 1));
  expect(all.filter((id) => last(id) !== undefined)).toHaveLength(2);
});

it('the next leader says where from, or that there are none, and is another sender', async () => {
  await lead();
  const id = await tap(true);
  await until(() => expect(last(id)).toBeDefined());
  const before = last(id)?.receipt?.sender;
  stop.abort();
  await leading;
  // Nobody is told otherwise for a leader that is away.
  expect(await cloud.store.get(keys.receiptSender)).toBeDefined();
  sent = [];
  await lead({ address: '192.0.2.10' });
  await until(() => expect(last(id)).toBeDefined());
  expect(last(id)?.receipt?.sender).not.toBe(before);
  stop.abort();
  await leading;
  await lead({ address: '' });
  await until(async () => expect(await cloud.store.get(keys.receiptSender)).toBeUndefined());
  await cloud.converge(['node-1', 'node-2']);
  const told = (await cloud.read(keys.nodeResource('node-1', 'tap_services', id))).values().next().value?.json;
  expect(told).not.toHaveProperty('receipts');
  // Nor does what nobody can read stay.
  await cloud.store.transact({ compare: [], operations: [{ kind: 'put', key: keys.receiptSender, value: '{' }] });
  await until(async () => expect(await cloud.store.get(keys.receiptSender)).toBeUndefined());
});

it('sends from the address that it is given, and to nobody from one that this machine has not', async () => {
  const socket = await udpSender('127.0.0.1');
  await socket.send(Uint8Array.of(1), '127.0.0.1');
  await socket.close();
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let n = 0; n < 5; n++) await expect(udpSender('192.0.2.77')).rejects.toThrow('EADDRNOTAVAIL');
  // Closing takes a lap.
  await until(() => expect(open()).toBeLessThan(before + 5));
});
