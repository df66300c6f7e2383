import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { Front } from './front.suite.js';

type Handler = (request: IncomingMessage, response: ServerResponse, front: Front) => void;

const signal = new AbortController().signal;
const nothing = Buffer.alloc(0);
let front: Front;
afterEach(() => front.stop());

/** A client's request, caught on its way, with what to answer it. */
async function begin(answer: Handler, more: Parameters<typeof Front.start>[1] = {}): Promise<IncomingMessage> {
  front = await Front.start(answer, more);
  return new Promise((resolve) => {
    front.server.removeAllListeners('request');
    front.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      response.end();
      resolve(request);
    });
    void front.ask('GET', '/v2.0/quotas/x', {
      headers: { 'X-Auth-Token': 'secret', Connection: 'x-drop', 'x-drop': '1' },
    });
  });
}

it('asks in the name of the client, with another method and body, and reads the answer whole', async () => {
  const request = await begin(
    (_request, response) => void response.writeHead(200, { 'x-a': 'b' }).end('{"quota": {}}'),
  );
  const answer = await front.passThrough.ask(request, {
    ...{ method: 'PUT', target: '/v2.0/quotas/y', body: Buffer.from('{"a": 1}'), signal },
  });
  expect(answer).toMatchObject({ status: 200, headers: { 'x-a': 'b' } });
  expect(answer.body.toString()).toBe('{"quota": {}}');
  const [seen] = front.seen;
  expect(seen).toMatchObject({ method: 'PUT', url: '/v2.0/quotas/y' });
  expect(seen?.headers).toMatchObject({
    ...{ 'x-auth-token': 'secret', 'content-length': '8', 'accept-encoding': 'identity' },
    ...{ 'x-forwarded-for': '127.0.0.1', host: `127.0.0.1:${front.port}` },
  });
  expect(seen?.headers['x-drop']).toBeUndefined();
});

it('never sends a DELETE twice, since Neutron may have carried it out; a GET by a closed connection it does', async () => {
  const hangUpOn = new Set<string>();
  const request = await begin((incoming, response) => {
    if (hangUpOn.delete(incoming.method ?? '')) incoming.socket.destroy();
    else response.end('{}');
  });
  const ask = (method: string) =>
    front.passThrough.ask(request, { method, target: '/v2.0/quotas/x', body: nothing, signal });
  const count = (method: string) => front.seen.filter((seen) => seen.method === method).length;
  // A connection that is kept, and that Neutron then breaks off with the next request in it.
  await ask('GET');
  hangUpOn.add('DELETE').add('GET');
  await expect(ask('DELETE')).rejects.toMatchObject({ status: 502 });
  expect(count('DELETE')).toBe(1);
  expect((await ask('GET')).status).toBe(200);
  expect(count('GET')).toBe(3);
});

it('is bounded as what is passed on is: in size, in number, and by a stop', async () => {
  const request = await begin(
    (incoming, response) => {
      if (incoming.url === '/large') response.end('x'.repeat(2_000));
    },
    { limits: { documentBytes: 1_000, concurrent: 1, waiting: 0 } },
  );
  const ask = (target: string) => front.passThrough.ask(request, { method: 'GET', target, body: nothing, signal });
  await expect(ask('/large')).rejects.toMatchObject({ status: 502 });
  const silent = ask('/silent');
  await expect(ask('/silent')).rejects.toMatchObject({ status: 503 });
  front.passThrough.close();
  await expect(silent).rejects.toMatchObject({ status: 503, message: 'The server stops: try again.' });
  await expect(ask('/large')).rejects.toMatchObject({ status: 503 });
});
