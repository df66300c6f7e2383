import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Front, gate } from './front.suite.js';

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
const port = '0b1e7b44-1111-4222-8333-444455556666';

describe("a port's deletion", () => {
  const deleted = (_incoming: IncomingMessage, response: import('node:http').ServerResponse) =>
    void response.writeHead(204, { 'x-openstack-request-id': 'req-neutron' }).end();

  it('is told to its client only when what follows is done', async () => {
    const order: string[] = [];
    const called = gate<string>();
    const go = gate();
    const it = await start(
      (incoming, response) => {
        order.push('neutron');
        deleted(incoming, response);
      },
      {
        hooks: {
          afterPortDeleted: async (id, { requestId }) => {
            order.push(`hook ${requestId}`);
            called.open(id);
            await go.passed;
            order.push('done');
          },
        },
      },
    );
    const answer = it.ask('DELETE', `/v2.0/%70orts//${port}.json/`).then((result) => {
      order.push('client');
      return result;
    });
    expect(await called.passed).toBe(port);
    expect(it.passThrough.load.atNeutron).toBe(0);
    go.open();
    expect((await answer).status).toBe(204);
    expect(order).toEqual(['neutron', 'hook req-neutron', 'done', 'client']);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('no etcd'))],
    [
      'throws',
      () => {
        throw new Error('no etcd');
      },
    ],
    ['never ends', () => new Promise<void>(() => undefined)],
  ])('is told to its client even if what follows %s, and the log says so', async (_how, afterPortDeleted) => {
    const it = await start(deleted, { hooks: { afterPortDeleted }, timeouts: { hookMs: 30 } });
    const answer = await it.ask('DELETE', `/v2.0/ports/${port}`);
    expect([answer.status, answer.headers['x-openstack-request-id']]).toEqual([204, 'req-neutron']);
    const failure = it.told.find(({ message }) => message === 'a port was deleted, but what must follow has failed');
    expect(failure?.fields).toMatchObject({ request_id: 'req-neutron', port_id: port });
  });

  it('is followed up even if the client has gone meanwhile', async () => {
    const arrived = gate();
    const answer = gate();
    const called = gate<string>();
    const it = await start(
      async (incoming, response) => {
        arrived.open();
        await answer.passed;
        deleted(incoming, response);
      },
      { hooks: { afterPortDeleted: async (id) => called.open(id) } },
    );
    const socket = it.socket();
    socket.write(`DELETE /v2.0/ports/${port} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await arrived.passed;
    socket.destroy();
    await once(socket, 'close');
    const clients = () => new Promise((resolve) => it.server.getConnections((_error, count) => resolve(count)));
    await vi.waitFor(async () => expect(await clients()).toBe(0));
    answer.open();
    expect(await called.passed).toBe(port);
  });

  it('that Neutron refuses, and whatever else, has no consequences', async () => {
    const calls: string[] = [];
    const it = await start(
      (incoming, response) => {
        const status = incoming.url?.includes(port) ? (incoming.method === 'DELETE' ? 409 : 200) : 204;
        response.writeHead(status).end();
      },
      { hooks: { afterPortDeleted: async (id) => void calls.push(id) } },
    );
    await it.ask('DELETE', `/v2.0/ports/${port}`);
    await it.ask('DELETE', '/v2.0/networks/0b1e7b44-1111-4222-8333-44445555aaaa');
    await it.ask('GET', `/v2.0/ports/${port}`);
    expect(calls).toEqual([]);
  });

  it.each(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH'])(
    'is none that a %s was answered with a 204',
    async (method) => {
      const calls: string[] = [];
      const it = await start(deleted, { hooks: { afterPortDeleted: async (id) => void calls.push(id) } });
      const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' };
      for (const path of [`/v2.0/ports/${port}`, `/v2.0/ports/${port}?_method=DELETE`])
        expect((await it.ask(method, path, { headers })).status).toBe(204);
      expect(calls).toEqual([]);
      await it.ask('DELETE', `/v2.0/ports/${port}`);
      expect(calls).toEqual([port]);
    },
  );
});
