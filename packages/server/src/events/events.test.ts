import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

interface Told {
  readonly id: string;
  readonly event: string;
  readonly data: {
    readonly tap_services?: readonly { readonly id: string; readonly status: string; readonly name: string }[];
    readonly tap_flows?: readonly { readonly id: string }[];
    readonly gone?: readonly string[];
  };
}

let cloud: TestCloud;
let replica: Replica;
let url: string;
const open: AbortController[] = [];

beforeEach(async () => {
  cloud = new TestCloud();
  replica = await cloud.replica({ events: { pauseMs: 20, mostOfProject: 3 } });
  url = await replica.api.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const each of open.splice(0)) each.abort();
  await cloud.stop();
});

/** A stream of events, one after the other. */
async function follow(project = acme, since: string | null = null, roles = 'member') {
  const abort = new AbortController();
  open.push(abort);
  const query = since === null ? '' : `?since=${since}`;
  const headers = { 'x-project-id': project, 'x-roles': roles };
  const response = await fetch(`${url}/v2.0/taas/events${query}`, { headers, signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Told> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      const block = text.slice(0, Math.max(0, end));
      if (end >= 0) text = text.slice(end + 2);
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const event = field('event');
      if (event !== undefined) return { id: field('id') ?? '', event, data: JSON.parse(field('data') ?? '{}') };
      if (end >= 0) continue;
      const piece = await reader?.read();
      if (piece?.done !== false) throw new Error('the stream has ended');
      text += piece.value;
    }
  };
  /** The first event that has what is asked for. */
  const until = async (holds: (told: Told) => boolean): Promise<Told> => {
    for (;;) {
      const told = await next();
      if (holds(told)) return told;
    }
  };
  return { status: response.status, type: response.headers.get('content-type'), next, until, end: () => abort.abort() };
}

const make = async (name: string, n = 1, project = acme): Promise<string> => {
  const body = { tap_service: { name, port_id: portId(n) } };
  const made = await replica.as(project)('POST', '/v2.0/taas/tap_services', body);
  expect(made.status).toBe(201);
  return made.body.tap_service.id;
};
const has = (id: string) => (told: Told) => told.data.tap_services?.some((tap) => tap.id === id) === true;

describe('GET /v2.0/taas/events', () => {
  it('tells of a tap that is made, as a list shows it, that changes, and that is gone', async () => {
    const stream = await follow();
    expect(stream).toMatchObject({ status: 200, type: 'text/event-stream' });
    expect(await stream.next()).toMatchObject({ event: 'begin' });
    const id = await make('one');
    const told = await stream.until(has(id));
    const listed = await replica.as(acme)('GET', `/v2.0/taas/tap_services/${id}`);
    expect(told.data.tap_services).toEqual([listed.body.tap_service]);
    await replica.as(acme)('PUT', `/v2.0/taas/tap_services/${id}`, { tap_service: { name: 'two' } });
    const renamed = await stream.until(({ data }) => data.tap_services?.some(({ name }) => name === 'two') === true);
    expect(has(id)(renamed)).toBe(true);
    await replica.as(acme)('DELETE', `/v2.0/taas/tap_services/${id}`);
    await stream.until(({ data }) => data.gone?.includes(id) === true);
  });

  it('goes on where it broke off', async () => {
    const first = await follow();
    const begin = await first.next();
    first.end();
    const id = await make('meanwhile');
    const gone = await make('gone meanwhile', 2);
    await replica.as(acme)('DELETE', `/v2.0/taas/tap_services/${gone}`);
    await replica.live.until((view) => !view.services.has(gone), 5_000);
    const second = await follow(acme, begin.id);
    const told = await second.next();
    expect(told.event).toBe('changed');
    expect(told.data.tap_services?.map((tap) => tap.id)).toEqual([id]);
    expect(told.data.gone).toEqual([gone]);
  });

  it.each(['elsewhere.1', 'x', '.', '9'.repeat(40)])('says that all must be listed anew after %s', async (since) => {
    expect(await (await follow(acme, since)).next()).toMatchObject({ event: 'reset' });
  });

  it('says nothing of another project, not even that something has gone', async () => {
    const stream = await follow(umbrella);
    const begin = await stream.next();
    const foreign = await make('foreign');
    await replica.as(acme)('DELETE', `/v2.0/taas/tap_services/${foreign}`);
    await replica.live.until((view) => !view.services.has(foreign), 5_000);
    const own = await make('own', 2, umbrella);
    for (const each of [stream, await follow(umbrella, begin.id)]) {
      const told = await each.until(({ event }) => event === 'changed');
      expect(JSON.stringify(told)).not.toContain(foreign);
      expect(has(own)(told)).toBe(true);
    }
    const admin = await follow(umbrella, begin.id, 'admin');
    expect(JSON.stringify(await admin.next())).toContain(foreign);
  });

  it('tells of a large tap service that all must be listed anew, and its project alone', async () => {
    const service = await make('large');
    const flow = { name: '', tap_service_id: service, source_port: portId(2), direction: 'IN' };
    for (let n = 0; n < 5; n += 1)
      await replica.as(acme)('POST', '/v2.0/taas/tap_flows', { tap_flows: Array.from({ length: 101 }, () => flow) });
    await replica.live.until((view) => view.flows.size === 505, 5_000);
    const [stream, other] = [await follow(), await follow(umbrella)];
    await stream.next();
    await other.next();
    await replica.as(acme)('POST', '/v2.0/taas/tap_flows', { tap_flow: flow });
    await stream.until(({ event }) => event === 'reset');
    await make('own', 3, umbrella);
    expect((await other.next()).event).toBe('changed');
  });

  it('tells what a node has said of a tap', async () => {
    const id = await make('to be told');
    const stream = await follow();
    await stream.next();
    const state = { v: 1, id, status: 'ERROR', reason: 'of a test', revision: 1 };
    await cloud.put(keys.stateResource('node-x', 'tap_services', id), JSON.stringify(state));
    await stream.until(has(id));
  });

  it('is for so many of a project, and again for the next when one has gone', async () => {
    const [first] = [await follow(), await follow(), await follow()];
    expect((await follow()).status).toBe(429);
    expect((await follow(umbrella)).status).toBe(200);
    first.end();
    await expect.poll(async () => (await follow()).status).toBe(200);
  });

  it('takes no other method, and no filter', async () => {
    for (const [method, path] of [
      ['POST', ''],
      ['GET', '?name=x'],
    ] as const)
      expect((await replica.as(acme)(method, `/v2.0/taas/events${path}`)).status).toBe(method === 'POST' ? 405 : 400);
  });
});
