import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenPort } from '@taas/lab';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

// Item 6: somebody makes the server take away everybody's taps of a port that is there.

const services = '/v2.0/taas/tap_services';
const victim = uuid(1);
const path = `/v2.0/ports/${victim}`;

describe('taps of a port', () => {
  let stack: Stack;
  /** What stands between the server and Neutron; answers itself if it returns true. */
  let proxy: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  const ports = new Map<string, TokenPort>();

  beforeAll(async () => {
    stack = await Stack.start({ ports, neutron: { instead: (request, response) => proxy(request, response) } });
  });
  afterAll(() => stack.stop());
  beforeEach(() => {
    proxy = () => false;
    for (const n of [1, 2]) ports.set(uuid(n), { project: 'a', host: 'node-1' });
  });

  const tap = async (port: string): Promise<string> => {
    const { json, text } = await stack.call('tok-a-member', 'POST', services, { tap_service: { port_id: port } });
    const id = (json?.['tap_service'] as { id?: string } | undefined)?.id;
    if (id === undefined) throw new Error(text);
    return id;
  };
  const there = async (id: string) => (await stack.call('tok-a-member', 'GET', `${services}/${id}`)).status === 200;
  const body = (response: ServerResponse, status: number, value: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    return true;
  };
  /** Waits until the server has looked at ports with taps so many times. */
  const looks = async (count: number) => {
    const seen = () => stack.neutron.requests.filter((request) => request.startsWith('GET /v2.0/ports?')).length;
    const before = seen();
    await stack.until(`${count} looks`, async () => seen() >= before + count);
  };

  it.each(['OPTIONS', 'GET', 'POST', 'PUT', 'PATCH'])(
    'stay when a proxy answers a %s without a token with 204',
    async (method) => {
      const id = await tap(victim);
      proxy = (request, response) => {
        if (request.headers['x-auth-token'] === 'service-token' || request.url?.startsWith(path) !== true) return false;
        response.writeHead(204).end();
        return true;
      };
      for (const headers of [{}, { 'x-http-method-override': 'DELETE' }]) {
        // The control: this is all that the rule "a 204 for a port's path" looks at.
        expect((await stack.call('', method, path, undefined, headers)).status).toBe(204);
        expect(await there(id)).toBe(true);
      }
    },
  );

  it('stay when a proxy answers the DELETE itself, whatever it answers the server then', async () => {
    const id = await tap(victim);
    const answers: ((response: ServerResponse) => boolean)[] = [
      // It has no say in what the service user asks: the port is there.
      () => false,
      (response) => body(response, 200, { ports: [] }),
      (response) => body(response, 404, { error: 'nothing here' }),
      (response) => body(response, 204, {}),
    ];
    for (const answer of answers) {
      proxy = (request, response) => {
        if (request.method !== 'DELETE') return answer(response);
        response.writeHead(204).end();
        return true;
      };
      expect((await stack.call('', 'DELETE', path)).status).toBe(204);
      proxy = () => false;
      expect(await there(id)).toBe(true);
    }
  });

  it('stay when Neutron refuses the DELETE', async () => {
    const id = await tap(victim);
    expect((await stack.call('', 'DELETE', path)).status).toBe(401);
    expect((await stack.call('tok-b-member', 'DELETE', path)).status).toBe(404);
    expect(await there(id)).toBe(true);
  });

  it('stay while the service user has lost its role, or lists are empty', async () => {
    const [id, second] = [await tap(victim), await tap(uuid(2))];
    await looks(2);
    const hidden = { NeutronError: { type: 'PortNotFound', message: '', detail: '' } };
    for (const whole of [true, false]) {
      proxy = (request, response) => {
        if (request.headers['x-auth-token'] !== 'service-token') return false;
        if (request.url?.startsWith('/v2.0/ports?') === true) return body(response, 200, { ports: [] });
        return whole ? body(response, 404, hidden) : false;
      };
      await looks(6);
      expect([await there(id), await there(second)]).toEqual([true, true]);
    }
  });

  it('go with the port: by a DELETE at once, by others soon; the control', async () => {
    const [id, second] = [await tap(victim), await tap(uuid(2))];
    expect((await stack.call('tok-a-member', 'DELETE', path)).status).toBe(204);
    expect(await there(id)).toBe(false);
    expect(await there(second)).toBe(true);
    ports.set(uuid(3), { project: 'a', host: 'node-1' });
    await tap(uuid(3));
    ports.delete(uuid(2));
    await stack.until('the tap goes with its port', async () => !(await there(second)));
  });
});
