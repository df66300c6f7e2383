import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPassThrough } from '@taas/gateway';
import { silentLogger, systemClock } from '@taas/service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Stack } from './stack.js';
import { ask, Stranger } from './strangers.js';

const networks = '/v2.0/networks';
const services = '/v2.0/taas/tap_services';
const slowPost = `POST ${networks} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{`;
const chunkBytes = 256 * 1024;
const chunkedPost = `POST ${networks} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunkBytes.toString(16)}\r\n${'x'.repeat(chunkBytes)}\r\n`;

let strangers: Stranger[] = [];
afterEach(() => {
  for (const each of strangers) each.leave();
  strangers = [];
});
function stranger(port: number, address: string): Stranger {
  const made = new Stranger(port, address);
  strangers.push(made);
  return made;
}
const portOf = (stack: Stack) => Number(new URL(stack.url).port);
const memoryOf = (stack: Stack): number => {
  const status = readFileSync(`/proc/${stack.server(0).process.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
};
const timed = async <T>(work: Promise<T>): Promise<readonly [T, number]> => {
  const from = systemClock.monotonic();
  return [await work, systemClock.monotonic() - from];
};

describe('strangers in front of Neutron', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.start({});
  });
  afterAll(() => stack.stop());

  it('200 slow POSTs take nothing from a tenant whose token is new', async () => {
    const attacker = stranger(portOf(stack), '127.0.0.2');
    await Promise.all(Array.from({ length: 200 }, () => attacker.send(slowPost)));
    const [answer, ms] = await timed(
      ask(portOf(stack), { path: networks, token: 'tok-slow-member', from: '127.0.0.3' }),
    );
    expect(answer.status).toBe(200);
    expect(ms).toBeLessThan(2_000);
  });

  it('control: where a slot is taken before the body has come, 64 of them are enough', async () => {
    const { front, port } = await naiveFront(stack.neutron.url, 64);
    try {
      const attacker = stranger(port, '127.0.0.2');
      await Promise.all(Array.from({ length: 64 }, () => attacker.send(slowPost)));
      await stack.until('all slots are taken', async () => front.listenerCount('full') > 0);
      const waited = await Promise.race([
        ask(port, { path: networks, token: 'tok-slow-member', from: '127.0.0.3' }).catch(() => 'cut off'),
        systemClock.sleep(1_500).then(() => 'waits'),
      ]);
      expect(waited).toBe('waits');
    } finally {
      front.closeAllConnections();
      front.close();
    }
  });

  it('1,000 chunked bodies cost little memory', async () => {
    await stack.call('tok-mem-member', 'GET', networks);
    const before = memoryOf(stack);
    const attacker = stranger(portOf(stack), '127.0.0.4');
    await Promise.all(Array.from({ length: 1_000 }, () => attacker.send(chunkedPost)));
    expect((await stack.call('tok-mem-member', 'GET', networks)).status).toBe(200);
    expect(memoryOf(stack) - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('control: without the bound on what is held, they are held', async () => {
    const gib = 1024 ** 3;
    const open = { strangerBytes: gib, strangerBytesPerClient: gib };
    for (const [limits, least, most] of [
      [{}, 0, 4 * 1024 ** 2],
      [open, 100 * chunkBytes, gib],
    ] as const) {
      const passThrough = createPassThrough({
        ...{ neutronUrl: stack.neutron.url, clock: systemClock, logger: silentLogger, newId: () => 'x', limits },
      });
      const server = createServer((incoming, response) => void passThrough.handle(incoming, response));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const attacker = stranger((server.address() as AddressInfo).port, '127.0.0.2');
      await Promise.all(Array.from({ length: 100 }, () => attacker.send(chunkedPost)));
      await stack.until('the bodies have arrived or are refused', async () => {
        return passThrough.load.heldBytes >= 100 * chunkBytes || attacker.answers.length >= 80;
      });
      expect(passThrough.load.heldBytes).toBeGreaterThanOrEqual(least);
      expect(passThrough.load.heldBytes).toBeLessThanOrEqual(most);
      passThrough.close();
      server.closeAllConnections();
      server.close();
    }
  });

  it('one address has so many connections', async () => {
    const attacker = stranger(portOf(stack), '127.0.0.7');
    await Promise.all(Array.from({ length: 700 }, () => attacker.send(`GET / HTTP/1.1\r\nHost: x\r\nX-Waits: `)));
    await stack.until('what is too much is closed', async () => attacker.closed >= 700 - 512);
    expect((await ask(portOf(stack), { path: networks, token: 'tok-new-member', from: '127.0.0.8' })).status).toBe(200);
  });

  it.each([
    ['pipelined requests', `GET ${networks} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3_000)],
    ['an upgrade', `GET ${networks} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
    ['a tunnel', 'CONNECT neutron:9696 HTTP/1.1\r\nHost: x\r\n\r\n'],
    [
      'a body that waits for 100',
      `POST ${networks} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
    ],
    [
      'endless trailers',
      `POST ${networks} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(20_000)}`,
    ],
    [
      'endless chunk extensions',
      `POST ${networks} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(200_000)}`,
    ],
  ])('%s hold up nobody', async (_what, bytes) => {
    const attacker = stranger(portOf(stack), '127.0.0.9');
    for (let n = 0; n < 20; n++) await attacker.send(bytes);
    const [answer, ms] = await timed(
      ask(portOf(stack), { path: networks, token: 'tok-other-member', from: '127.0.0.10' }),
    );
    expect(answer.status).toBe(200);
    expect(ms).toBeLessThan(2_000);
  });
});

describe('who is silent, or asks too much', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.start({ config: { limits: { request_ms: 1_000 }, strangers: { per_second: 5, burst: 30 } } });
  });
  afterAll(() => stack.stop());

  it.each([
    ['with nothing at all', ''],
    ['in the middle of the headers', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['in the middle of a body', slowPost],
    ['after a request', `GET ${networks} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ])('%s is closed', async (_when, bytes) => {
    const attacker = stranger(portOf(stack), '127.0.0.2');
    await attacker.send(bytes);
    await stack.until('closed', async () => attacker.closed === 1, 12_000);
  });

  it('one address has so many requests, and those who are known do not count', async () => {
    const path = networks;
    const port = portOf(stack);
    // From elsewhere: a token is a stranger's until Keystone has spoken, and would count.
    await ask(port, { path, token: 'tok-known-member', from: '127.0.0.7' });
    const statuses = new Map<number, number>();
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(
        Array.from({ length: 40 }, () =>
          ask(port, { path, token: '', from: '127.0.0.5' }).catch(() => ({ status: 0 })),
        ),
      );
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(statuses.get(401)).toBeGreaterThanOrEqual(30);
    expect(statuses.get(429)).toBeGreaterThan(0);
    expect((await ask(port, { path, token: 'tok-known-member', from: '127.0.0.5' })).status).toBe(200);
    expect((await ask(port, { path, token: 'tok-new-member', from: '127.0.0.6' })).status).toBe(200);
  });
});

describe('strangers in front of Keystone', () => {
  let stack: Stack;
  const tenants = 30;
  beforeAll(async () => {
    stack = await Stack.start({
      keystone: { delayMs: 150 },
      config: { listen: { trusted_proxies: ['127.0.0.100'] } },
    });
  });
  afterAll(() => stack.stop());

  /** 320 requests with tokens of nobody's, each answered by the next, and what 30 new tenants are told meanwhile. */
  async function underAttack(
    from: string,
    tenant: (n: number) => { from: string; forwardedFor?: string },
    run: string,
  ) {
    const port = portOf(stack);
    let stop = false;
    const attack = Array.from({ length: 320 }, async (_, n) => {
      for (let k = 0; !stop; k++) {
        const token = `random-${run}-${n}-${k}`;
        await ask(port, { path: services, token, from, forwardedFor: '203.0.113.5' }).catch(() => systemClock.sleep(5));
      }
    });
    await stack.until('Keystone is busy', async () => stack.keystone.requests.length > 12);
    const answers = await Promise.all(
      Array.from({ length: tenants }, (_, n) =>
        timed(ask(port, { path: services, token: `tok-${run}${n}-member`, ...tenant(n) })),
      ),
    );
    stop = true;
    await Promise.all(attack);
    return answers.map(([{ status }, ms]) => ({ status, ms }));
  }

  it('tenants with new tokens are let in', async () => {
    const answers = await underAttack('127.0.0.2', (n) => ({ from: `127.0.1.${n + 1}` }), 'direct');
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: tenants }, () => 200));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(8_000);
  });

  it('behind a trusted proxy too, which says who the client is', async () => {
    const behind = (n: number) => ({ from: '127.0.0.100', forwardedFor: `198.51.100.${n + 1}` });
    const answers = await underAttack('127.0.0.100', behind, 'proxied');
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: tenants }, () => 200));
  });

  it('control: where all count as one client, tenants are refused', async () => {
    const same = (n: number) => ({ from: '127.0.0.101', forwardedFor: `198.51.100.${n + 1}` });
    const answers = await underAttack('127.0.0.101', same, 'untrusted');
    expect(answers.filter(({ status }) => status !== 200).length).toBeGreaterThan(tenants / 3);
  });

  it('a token that is known never waits, not even at the address of the attacker', async () => {
    const port = portOf(stack);
    await ask(port, { path: services, token: 'tok-mine-member', from: '127.0.0.3' });
    const attacker = Array.from({ length: 200 }, (_, n) =>
      ask(port, { path: services, token: `guess-${n}`, from: '127.0.0.3' }).catch(() => undefined),
    );
    const [answer, ms] = await timed(ask(port, { path: services, token: 'tok-mine-member', from: '127.0.0.3' }));
    expect([answer.status, ms < 1_000]).toEqual([200, true]);
    await Promise.all(attacker);
  });
});

/** A front as it was: one of `slots` is taken when the headers have come. It says `full` by listening to that. */
async function naiveFront(neutronUrl: string, slots: number): Promise<{ front: Server; port: number }> {
  let free = slots;
  const waiting: (() => void)[] = [];
  const front = createServer(async (incoming, response) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    if (free === 0 && front.listenerCount('full') === 0) front.on('full', () => undefined);
    const outgoing = request(neutronUrl + incoming.url, {
      method: incoming.method ?? 'GET',
      headers: incoming.headers,
    });
    outgoing.on('error', () => response.destroy());
    outgoing.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502)));
    response.once('close', () => {
      outgoing.destroy();
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return { front, port: (front.address() as AddressInfo).port };
}
