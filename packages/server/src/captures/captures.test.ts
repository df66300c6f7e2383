import { captureCapability, keys, prefixes } from '@taas/model';
import { ETHERTYPE, ethernet, parseBpf, pcapngContents } from '@taas/packets';
import type { Store } from '@taas/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApiLimits } from '../api/api-limits.js';
import { noTerms, type TapTerms } from '../taps/terms/tap-terms.js';
import { acme, LaggingStore, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';
import { type CompileExpression, ExpressionError } from './bpf-expression.js';
import type { CaptureLimits } from './capture-receiver.js';

const captures = '/v2.0/taas/captures';
const address = '192.0.2.9';
const node = 'node-1';

/** A receiver's socket that the test fills. */
class FakeSocket {
  drops: number | null = 0;
  isOpen = false;
  #take: (payload: Uint8Array, from: string) => void = () => undefined;

  open = async (_address: string, onDatagram: (payload: Uint8Array, from: string) => void) => {
    this.#take = onDatagram;
    this.isOpen = true;
    return {
      drops: async () => this.drops,
      close: async () => {
        this.isOpen = false;
      },
    };
  };

  send(from: string, vni: number, frame: Uint8Array): void {
    const payload = new Uint8Array(8 + frame.length);
    new DataView(payload.buffer).setUint8(0, 8);
    new DataView(payload.buffer).setUint32(4, vni * 256);
    payload.set(frame, 8);
    this.#take(payload, from);
  }
}

/** A store whose transactions can be held up. */
class HeldStore extends LaggingStore {
  held = 0;
  #open: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  constructor(store: Store) {
    super(store);
    const { transact } = this;
    this.transact = async (...args) => {
      this.held += 1;
      await this.#open;
      return transact(...args);
    };
  }

  hold(): void {
    this.held = 0;
    this.#open = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  override letGo(): void {
    this.#release();
  }
}

const frame = (n: number, length = 60) => {
  const header = { dst: '02:00:00:00:00:01', src: '02:00:00:00:00:02' };
  return ethernet(header, ETHERTYPE.ip4, new Uint8Array(length - 14).fill(n));
};

/** Not tcpdump's, which need not be there. */
const compileExpression: CompileExpression = async (expression) => {
  // ld [14]; jeq #0x01010101: frame(1).
  if (expression === 'frame 1') return parseBpf('4\n32 0 0 14\n21 0 1 16843009\n6 0 0 1\n6 0 0 0');
  throw new ExpressionError('it is not "frame 1"');
};

let cloud: TestCloud;
let socket: FakeSocket;
let server: Replica;

async function start(limits: Partial<CaptureLimits> = {}, api: Partial<ApiLimits> = {}, terms: TapTerms = noTerms) {
  cloud = new TestCloud();
  socket = new FakeSocket();
  const receiver = {
    address,
    listenAddress: address,
    server: 'server-1',
    open: socket.open,
    compileExpression,
    limits,
  };
  server = await cloud.replica({ captures: receiver, limits: api, terms });
  await cloud.lead(server);
  for (const n of [1, 2]) await cloud.bind(node, portId(n), acme);
  await cloud.bind(node, portId(7), umbrella);
  await cloud.agent(node, { capabilities: [captureCapability] });
}
beforeEach(() => start());
afterEach(() => cloud.stop());

const make = (wish: object, project = acme) =>
  server.as(project)('POST', captures, { capture: { source_ports: [portId(1)], ...wish } });

/** The VNIs that the node was told, by port and direction. */
async function vnis(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { json } of (await cloud.nodeRecords()).values()) {
    const target: unknown = json['target'];
    if (typeof target === 'object' && target !== null && 'vni' in target && typeof target.vni === 'number')
      found.set(`${json['source_port']} ${json['direction']}`, target.vni);
  }
  return found;
}

async function active(wish: object = {}) {
  const made = await make(wish);
  expect(made.status).toBe(201);
  await cloud.converge([node]);
  const shown = await server.as(acme)('GET', `${captures}/${made.body.capture.id}`);
  expect(shown.body.capture).toMatchObject({ status: 'ACTIVE' });
  return { id: made.body.capture.id, url: `${captures}/${made.body.capture.id}` };
}

/** Reads a capture over a real connection. */
async function reader(url: string, more: { leave?: AbortSignal } = {}) {
  if (!server.api.server.listening) await server.api.listen({ host: '127.0.0.1', port: 0 });
  const listening = server.api.server.address();
  const port = typeof listening === 'object' ? listening?.port : undefined;
  const response = await fetch(`http://127.0.0.1:${port}${url}/stream`, {
    headers: { 'x-project-id': acme, 'x-roles': 'member' },
    ...(more.leave ? { signal: more.leave } : {}),
  });
  expect(response.headers.get('content-type')).toBe('application/x-pcapng');
  return { whole: async () => new Uint8Array(await response.arrayBuffer()), response };
}

const gone = async () => {
  expect((await cloud.read(prefixes.tapServices)).size + (await cloud.read(prefixes.tapFlows)).size).toBe(0);
  expect(await cloud.store.get(keys.portRole(portId(1)))).toBeUndefined();
  expect((await cloud.nodeRecords()).size).toBe(0);
};

const read = (bytes: Uint8Array) => pcapngContents(bytes, 'the capture');

describe('a capture', () => {
  it('has each frame of its port as it came, in its direction, and leaves nothing when it is ended', async () => {
    const { url } = await active({ description: 'why not' });
    const told = await vnis();
    const [out = 0, into = 0] = [told.get(`${portId(1)} OUT`), told.get(`${portId(1)} IN`)];
    const file = await reader(url);
    socket.send('10.0.0.1', out, frame(1));
    socket.send('10.0.0.1', into, frame(2, 1500));
    socket.send('10.0.0.1', out, frame(3));
    expect((await server.as(acme)('DELETE', url)).status).toBe(204);
    const { packets, statistics, comment } = read(await file.whole());
    expect(packets.map(({ interface: of, direction, frame: bytes }) => [of, direction, bytes])).toEqual([
      [`${portId(1)} OUT`, 'outbound', frame(1)],
      [`${portId(1)} IN`, 'inbound', frame(2, 1500)],
      [`${portId(1)} OUT`, 'outbound', frame(3)],
    ]);
    expect(statistics).toEqual([
      { interface: `${portId(1)} OUT`, received: 2n, dropped: 0n, delivered: 2n },
      { interface: `${portId(1)} IN`, received: 1n, dropped: 0n, delivered: 1n },
    ]);
    expect(comment).toContain('why not');
    await cloud.converge([node]);
    await gone();
    const { body } = await server.as(acme)('GET', url);
    expect(body.capture).toMatchObject({ status: 'ENDED', counted: { received: 3, delivered: 3, dropped: 0 } });
  });

  it('is looked at beside its file, of which nothing is taken, by whom the policy lets read it', async () => {
    const { url } = await active({ direction: 'OUT', snaplen: 20 });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    const file = await reader(url);
    const packets = file.response.url.replace(/stream$/, 'packets');
    const look = (project: string, roles: string) =>
      fetch(packets, { headers: { 'x-project-id': project, 'x-roles': roles } });
    expect((await look(umbrella, 'member')).status).toBe(404);
    expect((await look(acme, 'reader')).status).toBe(404);
    const looked = await look(acme, 'member');
    expect(looked.headers.get('content-type')).toBe('text/event-stream');
    for (let n = 0; n < 60; n++) socket.send('10.0.0.1', out, frame(1, 100));
    await server.as(acme)('DELETE', url);
    const text = await looked.text();
    expect(text).toMatch(/^event: end\ndata: {"because":"a user has ended it"}$/m);
    const events = [...text.matchAll(/^data: ({"packets".*)$/gm)].map(([, json]) => JSON.parse(json ?? ''));
    const lines = events.flatMap((each) => each.packets);
    expect(lines).toHaveLength(50);
    expect(lines[0]).toMatchObject({ n: 1, interface: `${portId(1)} OUT`, length: 100, source: '02:00:00:00:00:02' });
    expect(events.at(-1).unshown).toBe(10);
    expect(read(await file.whole()).packets).toHaveLength(60);
  });

  it('takes in nothing from another address, with another VNI, or what is no VXLAN', async () => {
    const { url } = await active({ direction: 'OUT' });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    const file = await reader(url);
    socket.send('10.0.0.2', out, frame(1));
    socket.send('10.0.0.1', out + 1, frame(2));
    socket.send('10.0.0.1', out, new Uint8Array(5));
    // As a neighbour on the link comes in; and what nobody has as an address.
    socket.send('fe80::1%eth0', out, frame(3));
    socket.send('10.0.0.1', out, frame(4));
    await server.as(acme)('DELETE', url);
    expect(read(await file.whole()).packets.map(({ frame: bytes }) => bytes)).toEqual([frame(4)]);
  });

  it('keeps snaplen bytes, and says how long the frame was', async () => {
    const { url } = await active({ direction: 'OUT', snaplen: 20 });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    const file = await reader(url);
    socket.send('10.0.0.1', out, frame(1, 100));
    await server.as(acme)('DELETE', url);
    const { packets } = read(await file.whole());
    expect(packets).toMatchObject([{ frame: frame(1, 100).subarray(0, 20), length: 100 }]);
  });

  it('keeps what its expression wants, and counts the rest', async () => {
    const { url } = await active({ direction: 'OUT', bpf: 'frame 1' });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    const file = await reader(url);
    for (const n of [1, 2, 1, 3]) socket.send('10.0.0.1', out, frame(n));
    await server.as(acme)('DELETE', url);
    expect(read(await file.whole()).packets.map(({ frame: bytes }) => bytes)).toEqual([frame(1), frame(1)]);
    const { capture } = (await server.as(acme)('GET', url)).body;
    expect(capture).toMatchObject({ bpf: 'frame 1', filtered_by: { node: false, server: true } });
    expect(capture.counted).toMatchObject({ received: 4, filtered: 2, delivered: 2, dropped: 0 });
  });

  it('ends by itself with so many packets, or bytes', async () => {
    for (const wish of [{ packets: 3 }, { bytes: 10_000 }]) {
      const { url } = await active({ direction: 'OUT', ...wish });
      const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
      const file = await reader(url);
      for (let n = 0; n < 10; n += 1) socket.send('10.0.0.1', out, frame(n, 1400));
      const { packets } = read(await file.whole());
      expect(packets.length).toBe('packets' in wish ? 3 : 6);
      await cloud.converge([node]);
      await gone();
    }
  });

  it('ends when its time is over', async () => {
    const { url } = await active({ seconds: 1 });
    const file = await reader(url);
    await file.whole();
    const { body } = await server.as(acme)('GET', url);
    expect(body.capture).toMatchObject({ status: 'ENDED', status_reason: 'its 1 s are over' });
    await cloud.converge([node]);
    await gone();
  });

  it('goes on for longer than any other request may take', async () => {
    await cloud.stop();
    await start({}, { requestMs: 1_000 });
    const { url } = await active({ seconds: 4, direction: 'OUT' });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    const file = await reader(url);
    const last = setTimeout(() => socket.send('10.0.0.1', out, frame(9)), 3_000);
    const { packets } = read(await file.whole());
    clearTimeout(last);
    expect(packets.map(({ frame: bytes }) => bytes)).toEqual([frame(9)]);
    const { body } = await server.as(acme)('GET', url);
    expect(body.capture).toMatchObject({ status: 'ENDED', status_reason: 'its 4 s are over' });
  });

  it('is there for who comes when it has ended already, and then no more', async () => {
    const { url } = await active({ direction: 'OUT', packets: 1, bpf: '  ' });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    socket.send('10.0.0.1', out, frame(1));
    await vi.waitFor(async () =>
      expect((await server.as(acme)('GET', url)).body.capture).toMatchObject({ status: 'ENDED', bpf: null }),
    );
    expect(read(await (await reader(url)).whole()).packets).toHaveLength(1);
    await vi.waitFor(async () => expect((await server.as(acme)('GET', `${url}/stream`)).status).toBe(404), 5_000);
    await cloud.converge([node]);
    await gone();
  });

  it('keeps its place as long as its file is not taken, and no longer than a reader may dawdle', async () => {
    await cloud.stop();
    await start({ ofProject: 1 });
    const { url } = await active({ direction: 'OUT', packets: 1 });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    socket.send('10.0.0.1', out, frame(1));
    await vi.waitFor(async () =>
      expect((await server.as(acme)('GET', url)).body.capture).toMatchObject({ status: 'ENDED' }),
    );
    expect((await make({ source_ports: [portId(2)] })).status).toBe(409);
    await vi.waitFor(async () => expect((await make({ source_ports: [portId(2)] })).status).toBe(201), {
      timeout: 15_000,
      interval: 500,
    });
  }, 30_000);

  it('ends when its client goes, at once', async () => {
    const leave = new AbortController();
    const { url } = await active();
    await reader(url, { leave: leave.signal });
    leave.abort();
    await vi.waitFor(async () => expect((await cloud.read(prefixes.tapFlows)).size).toBe(0), 10_000);
    await cloud.converge([node]);
    await gone();
  });

  it('ends when the port is deleted that it captured', async () => {
    const { url } = await active();
    const file = await reader(url);
    for (const key of (await cloud.read(prefixes.tapFlows)).keys()) await cloud.delete(key);
    await file.whole();
    await cloud.converge([node]);
    await gone();
  });

  it('ends with its server, which does not wait for its client', async () => {
    const { url } = await active();
    const file = await reader(url);
    await server.api.close();
    expect(socket.isOpen).toBe(false);
    expect(read(await file.whole()).statistics).toHaveLength(2);
    await cloud.converge([node]);
    await gone();
  });
});

describe('a capture of a tap flow', () => {
  it("has the flow's port, direction and filters, and is refused with others, or for who does not see the flow", async () => {
    const alice = server.as(acme);
    await cloud.bind(node, portId(5), acme);
    const service = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(5) } });
    const rules = [{ action: 'accept', protocol: 'udp' }];
    const wish = { tap_service_id: service.body.tap_service.id, source_port: portId(2), direction: 'IN' };
    const flow = { ...wish, filter_rules: rules, vlan_filter: '7' };
    const { id } = (await alice('POST', '/v2.0/taas/tap_flows', { tap_flow: flow })).body.tap_flow;
    const ask = (capture: object, project = acme) => server.as(project)('POST', captures, { capture });
    for (const wrong of [{ source_ports: [portId(1)] }, { direction: 'IN' }, { filter_rules: [] }])
      expect((await ask({ tap_flow_id: id, ...wrong })).status).toBe(400);
    expect((await ask({})).status).toBe(400);
    expect((await ask({ tap_flow_id: id }, umbrella)).status).toBe(404);
    expect((await ask({ tap_flow_id: portId(99) })).status).toBe(404);
    const made = await ask({ tap_flow_id: id });
    expect(made.status).toBe(201);
    expect(made.body.capture).toMatchObject({ tap_flow_id: id, source_ports: [portId(2)], direction: 'IN' });
    expect(made.body.capture).toMatchObject({ filter_rules: [{ action: 'accept', protocol: 'udp' }] });
    await cloud.converge([node]);
    const told = [...(await cloud.nodeRecords()).values()].map(({ json }) => json).filter((each) => each['leased']);
    expect(told).toMatchObject([
      { source_port: portId(2), direction: 'IN', vlan_filter: '7', filter: [{ action: 'accept' }] },
    ]);
  });
});

describe('a capture whose port moves', () => {
  it('goes on in one file, whose sums are of both nodes', async () => {
    const other = 'node-2';
    await cloud.agent(other, { capabilities: [captureCapability] });
    const { url } = await active({ direction: 'OUT' });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    const file = await reader(url);
    for (let n = 0; n < 3; n += 1) socket.send('10.0.0.1', out, frame(n));
    await cloud.unbind(node, portId(1));
    await cloud.bind(other, portId(1), acme);
    await cloud.converge([node, other]);
    expect((await vnis()).get(`${portId(1)} OUT`)).toBe(out);
    for (let n = 3; n < 7; n += 1) socket.send('10.0.0.2', out, frame(n));
    // That node has been left.
    socket.send('10.0.0.1', out, frame(9));
    await server.as(acme)('DELETE', url);
    const { packets, statistics } = read(await file.whole());
    expect(packets.map(({ frame: bytes }) => bytes)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => frame(n)));
    expect(statistics.at(-1)).toMatchObject({ received: 7n, dropped: 0n, delivered: 7n });
    await cloud.converge([node, other]);
    await gone();
  });
});

describe('a server that stops', () => {
  it('while a capture is made leaves nothing of it, and makes no other', async () => {
    const slow = new HeldStore(cloud.store.client());
    const receiver = { address, listenAddress: address, server: 'server-2', open: socket.open, compileExpression };
    const stopping = await cloud.replica({ captures: receiver, store: slow });
    slow.hold();
    const making = stopping.as(acme)('POST', captures, { capture: { source_ports: [portId(1)] } });
    await vi.waitFor(() => expect(slow.held).toBeGreaterThan(0));
    const stopped = stopping.api.close();
    slow.letGo();
    await making.catch(() => undefined);
    await stopped;
    await cloud.converge([node]);
    await gone();
  });
});

describe('a capture that needs consent', () => {
  it('copies nothing until somebody else agrees, hangs on its lease then as before, and leaves nothing', async () => {
    await cloud.stop();
    await start({}, {}, { ...noTerms, consent: 'always', reasonRequired: true });
    const as = (user: string) => (method: string, path: string, body?: unknown) =>
      server.request(method, path, body, { 'x-project-id': acme, 'x-roles': 'member', 'x-user-id': user });
    const wish = { source_ports: [portId(1)], seconds: 600, reason: 'INC-7' };
    const { body } = await as('ann')('POST', captures, { capture: wish });
    const url = `${captures}/${body.capture.id}`;
    await cloud.converge([node]);
    expect((await cloud.nodeRecords()).size).toBe(0);
    expect((await as('bob')('GET', url)).body.capture).toMatchObject({
      ...{ status: 'PENDING_CREATE', status_code: 'waiting_for_consent', consent: 'waiting', reason: 'INC-7' },
      requested_by: ['ann'],
    });
    expect((await as('ann')('PUT', `${url}/approve`)).status).toBe(409);
    expect((await server.as(umbrella)('PUT', `${url}/approve`)).status).toBe(404);
    expect((await as('bob')('GET', `${url}/approve`)).status).toBe(405);
    expect((await as('bob')('PUT', `${url}/approve`)).body.capture).toMatchObject({
      consent: 'given',
      agreed_by: 'bob',
    });
    await cloud.converge([node]);
    expect((await as('bob')('GET', url)).body.capture).toMatchObject({ status: 'ACTIVE', status_code: 'ok' });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    const file = await reader(url);
    socket.send('10.0.0.1', out, frame(1));
    await as('ann')('DELETE', url);
    const { packets, comment } = read(await file.whole());
    expect(packets).toHaveLength(1);
    expect(comment).toContain('INC-7');
    await cloud.converge([node]);
    await gone();
  });

  it('goes from etcd with its server when that dies, agreed to or not', async () => {
    await cloud.stop();
    await start({}, {}, { ...noTerms, consent: 'always' });
    const leases: string[] = [];
    const made = await make({ seconds: 600 });
    const approved = await server.request('PUT', `${captures}/${made.body.capture.id}/approve`, undefined, {
      ...{ 'x-project-id': acme, 'x-roles': 'member', 'x-user-id': 'bob' },
    });
    expect(approved.body.capture.consent).toBe('given');
    for (const { json } of (await cloud.read(prefixes.tapServices)).values()) {
      const receiver = json['receiver'];
      if (typeof receiver === 'object' && receiver !== null && 'lease' in receiver) leases.push(`${receiver.lease}`);
    }
    expect(leases).toHaveLength(2);
    for (const lease of leases) cloud.store.expireLease(lease);
    expect((await cloud.read(prefixes.tapFlows)).size).toBe(0);
  });
});

describe('a slow client', () => {
  beforeEach(async () => {
    await cloud.stop();
    await start({ queueBytes: 5_000 });
  });

  it('loses frames, which are counted and told before the next one', async () => {
    const { url } = await active({ direction: 'OUT' });
    const out = (await vnis()).get(`${portId(1)} OUT`) ?? 0;
    // Nobody has taken anything yet: what does not fit is lost.
    for (let n = 0; n < 10; n += 1) socket.send('10.0.0.1', out, frame(n, 1000));
    const file = await reader(url);
    await vi.waitFor(async () => {
      const before = (await server.as(acme)('GET', url)).body.capture.counted.delivered;
      socket.send('10.0.0.1', out, frame(99, 100));
      const after = (await server.as(acme)('GET', url)).body.capture.counted.delivered;
      expect(after).toBe(before + 1);
    }, 10_000);
    await server.as(acme)('DELETE', url);
    const { packets, statistics } = read(await file.whole());
    const { received, dropped, delivered } = statistics.at(-1) ?? {};
    expect(Number(dropped)).toBeGreaterThanOrEqual(6);
    expect(packets.reduce((sum, packet) => sum + packet.dropped, 0n)).toBe(dropped);
    expect(BigInt(packets.length)).toBe(delivered);
    expect(received).toBe(BigInt(Number(dropped) + Number(delivered)));
  });
});

describe('what is refused, and changes nothing', () => {
  let counting: LaggingStore;
  beforeEach(async () => {
    counting = new LaggingStore(cloud.store.client());
    const receiver = { address, listenAddress: address, server: 'server-1', open: socket.open, compileExpression };
    server = await cloud.replica({ captures: receiver, store: counting });
  });
  const untouched = async () => {
    expect((await cloud.read(prefixes.tapServices)).size).toBe(0);
    expect(await cloud.store.get(keys.portRole(portId(1)))).toBeUndefined();
    expect(counting.transactions).toBe(0);
  };

  it.each([
    ['a port of another project', { source_ports: [portId(7)] }, 404, 'PortNotFound'],
    ['one port of several', { source_ports: [portId(1), portId(7)] }, 404, 'PortNotFound'],
    ['no port', { source_ports: [] }, 400, 'HTTPBadRequest'],
    ['a port twice', { source_ports: [portId(1), portId(1)] }, 400, 'HTTPBadRequest'],
    ['too many ports', { source_ports: Array.from({ length: 9 }, (_, n) => portId(n)) }, 400, 'HTTPBadRequest'],
    ['longer than an hour', { seconds: 3601 }, 400, 'HTTPBadRequest'],
    ['no time', { seconds: 0 }, 400, 'HTTPBadRequest'],
    ['an expression that does not compile', { bpf: 'tcp and' }, 400, 'HTTPBadRequest'],
    ['an expression without end', { bpf: ' '.repeat(70_000) }, 400, 'HTTPBadRequest'],
    ['an expression that is none', { bpf: 1 }, 400, 'HTTPBadRequest'],
    ['a filter that says nothing', { filter_rules: [{ protocol: 'nonsense' }] }, 400, 'HTTPBadRequest'],
    ['a snaplen that is no number', { snaplen: '64' }, 400, 'HTTPBadRequest'],
  ])('%s', async (_what, wish, status, type) => {
    const refused = await make(wish);
    expect([refused.status, refused.body.NeutronError.type]).toEqual([status, type]);
    await untouched();
  });

  it('a port that receives copies itself', async () => {
    await server.as(acme)('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(2) } });
    expect((await make({ source_ports: [portId(1), portId(2)] })).status).toBe(409);
    await vi.waitFor(async () => expect((await cloud.read(prefixes.tapServices)).size).toBe(1), 10_000);
    expect((await cloud.read(prefixes.tapFlows)).size).toBe(0);
  });

  it('a reader of the policy, and more captures than a project may have', async () => {
    expect((await server.as(acme, 'reader')('POST', captures, { capture: { source_ports: [portId(1)] } })).status).toBe(
      403,
    );
    await untouched();
    for (let n = 0; n < 4; n += 1) expect((await make({})).status).toBe(201);
    const fifth = await make({});
    expect([fifth.status, fifth.body.NeutronError.type]).toEqual([409, 'TapCaptureLimit']);
  });

  it('a server that has no address for captures', async () => {
    const other = await cloud.replica();
    const refused = await other.as(acme)('POST', captures, { capture: { source_ports: [portId(1)] } });
    expect(refused.status).toBe(503);
    await untouched();
  });
});

describe('who may know of a capture', () => {
  it('its project alone, and nobody takes its taps for those of users', async () => {
    const { url, id } = await active();
    expect((await server.as(umbrella)('GET', url)).status).toBe(404);
    expect((await server.as(umbrella)('GET', `${url}/stream`)).status).toBe(404);
    expect((await server.as(umbrella)('DELETE', url)).status).toBe(404);
    expect((await server.as(umbrella)('GET', captures)).body.captures).toEqual([]);
    expect((await server.as(acme)('GET', captures)).body.captures).toMatchObject([{ id }]);
    // Nor has it another port's frames come as its own.
    const [service = ''] = (await cloud.read(prefixes.tapServices)).keys();
    const flow = { tap_service_id: service.split('/').at(-1), source_port: portId(2), direction: 'IN' };
    expect((await server.as(acme)('POST', '/v2.0/taas/tap_flows', { tap_flow: flow })).status).toBe(404);
    for (const kind of ['tap_services', 'tap_flows'] as const) {
      const [[key = ''] = []] = await cloud.read(`${prefixes.api}${kind}/`);
      const one = `/v2.0/taas/${kind}/${key.split('/').at(-1)}`;
      for (const project of [acme, 'admin']) {
        const as = server.as(project, project === 'admin' ? 'admin' : 'member');
        expect((await as('GET', `/v2.0/taas/${kind}`)).body[kind]).toEqual([]);
        for (const method of ['GET', 'DELETE']) expect((await as(method, one)).status).toBe(404);
        const change = { [kind.slice(0, -1)]: { name: 'mine' } };
        expect((await as('PUT', one, change)).status).toBe(404);
      }
    }
    const tapped = await server.as(acme)('GET', `/v2.0/taas/tapped_ports/${portId(1)}`);
    expect(tapped.body.tapped_port.tapped_by[0]?.destination).toEqual({ capture_id: id });
  });

  it('another server says who receives it', async () => {
    const { url } = await active();
    const other = await cloud.replica();
    const answer = await other.as(acme)('GET', url);
    expect([answer.status, answer.body.NeutronError.type]).toEqual([409, 'TapCaptureElsewhere']);
    expect(answer.body.NeutronError.message).toContain('server-1');
    expect((await other.as(umbrella)('GET', url)).status).toBe(404);
  });

  it('one reader has it', async () => {
    const { url } = await active();
    await reader(url);
    expect((await server.as(acme)('GET', `${url}/stream`)).status).toBe(409);
  });
});
