import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Front, textOf } from './front.suite.js';

let front: Front | undefined;
beforeEach(() => {
  expect.hasAssertions();
});
afterEach(async () => {
  await front?.stop();
  front = undefined;
});
const start = async (...args: Parameters<typeof Front.start>): Promise<Front> => {
  front = await Front.start(...args);
  return front;
};

describe('a Neutron in trouble', () => {
  const envelope = (text: string) => JSON.parse(text).NeutronError as { type: string; message: string };

  it('that does not listen: 503 with a request id that the log has', async () => {
    const it = await start(() => undefined);
    await new Promise((resolve) => it.neutron.close(resolve));
    const answer = await it.ask('POST', '/v2.0/ports', { body: '{}', headers: { 'content-length': '2' } });
    expect(answer.status).toBe(503);
    expect(envelope(answer.text).type).toBe('ServiceUnavailable');
    const id = answer.headers['x-openstack-request-id'];
    expect(id).toBe('req-own-0');
    expect(it.told.filter(({ fields }) => fields['request_id'] === id).length).toBeGreaterThan(1);
  });

  it('that is silent: 504', async () => {
    const it = await start(() => undefined, { timeouts: { answerMs: 50 } });
    expect((await it.ask('GET', '/v2.0/ports')).status).toBe(504);
  });

  it('that thinks longer than a body may pause has its own time for that', async () => {
    const it = await start(
      async (incoming, response) => {
        await textOf(incoming);
        setTimeout(() => response.end('thought'), 1_500);
      },
      { timeouts: { idleMs: 800, answerMs: 15_000 } },
    );
    const answer = await it.ask('POST', '/v2.0/ports', { body: 'ab' });
    expect([answer.status, answer.text]).toEqual([200, 'thought']);
  });

  it('that sends slowly, but sends, is not cut off', async () => {
    const it = await start(
      (_incoming, response) => {
        let pieces = 0;
        const timer = setInterval(() => {
          response.write('x');
          pieces += 1;
          if (pieces < 10) return;
          clearInterval(timer);
          response.end();
        }, 100);
      },
      { timeouts: { idleMs: 800 } },
    );
    expect((await it.ask('GET', '/v2.0/ports')).text).toBe('x'.repeat(10));
  });

  it('that stops in the middle of a body: the client is cut off', async () => {
    const it = await start(
      (_incoming, response) => void response.writeHead(200, { 'content-length': 9 }).write('abc'),
      {
        timeouts: { idleMs: 50 },
      },
    );
    expect(await it.raw('GET /v2.0/ports HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/abc$/);
  });

  it('that hangs up before it answers: 502, and the request is not sent again', async () => {
    const it = await start((incoming) => void incoming.socket.destroy());
    for (const method of ['GET', 'DELETE', 'POST']) expect((await it.ask(method, '/v2.0/networks/x')).status).toBe(502);
    expect(it.seen.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'POST']);
  });

  it('that has closed a kept connection: what may be repeated is, by a new one', async () => {
    let kills = 0;
    const it = await start((incoming, response, itself) => {
      // The connection dies under the second request on it, as when Neutron closes it at that moment.
      if (itself.seen.filter(({ socket }) => socket === incoming.socket).length > 1) {
        kills += 1;
        incoming.socket.destroy();
      } else response.end('ok');
    });
    for (let n = 0; n < 3; n += 1) expect((await it.ask('GET', '/v2.0/ports')).text).toBe('ok');
    expect(kills).toBeGreaterThan(0);
  });

  it('is given what changes something by connections of their own, and never twice', async () => {
    const it = await start((_incoming, response) => void response.end('ok'));
    await it.ask('GET', '/v2.0/ports');
    const before = it.connections;
    await it.ask('GET', '/v2.0/ports');
    expect(it.connections).toBe(before);
    for (const method of ['POST', 'PUT', 'DELETE']) await it.ask(method, '/v2.0/ports/x');
    expect(it.connections).toBe(before + 3);
    expect(it.seen).toHaveLength(5);
  });

  it('has only so many requests at a time; the rest wait, and what cannot wait is told so', async () => {
    const held: (() => void)[] = [];
    const it = await start((_incoming, response) => void held.push(() => response.end('ok')), {
      limits: { concurrent: 2, waiting: 1 },
    });
    const answers = [1, 2, 3].map(() => it.ask('GET', '/v2.0/ports'));
    await vi.waitFor(() =>
      expect([held.length, it.passThrough.load]).toEqual([2, { atNeutron: 2, waiting: 1, heldBytes: 0 }]),
    );
    expect((await it.ask('GET', '/v2.0/ports')).status).toBe(503);
    held[0]?.();
    await vi.waitFor(() => expect(held).toHaveLength(3));
    for (const release of held) release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(it.passThrough.load).toEqual({ atNeutron: 0, waiting: 0, heldBytes: 0 });
  });
});
