import { systemClock } from '@taas/service';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Caller } from '../auth/authenticator.js';
import { parseListQuery } from '../http/list-query.js';
import { listable } from '../taps/attributes.js';
import { attributes } from '../taps/tap-kinds.js';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';
import { ViewBehindError } from '../view/live-view.js';
import { EventDesk, type EventDeskDeps } from './event-desk.js';

const caller: Caller = {
  ...{ projectId: acme, userId: 'ann', token: null, credentials: {} },
  ...{ isAdmin: false, seesAllProjects: false, mayNameProject: false },
};

let cloud: TestCloud;
let replica: Replica;
let desk: EventDesk;
let asked: AbortSignal[];

beforeEach(async () => {
  cloud = new TestCloud();
  replica = await cloud.replica();
  asked = [];
});
afterEach(async () => {
  desk.stop();
  await cloud.stop();
});

/** A stream of a desk whose lists answer so, and all that it has said. */
function follow(list: EventDeskDeps['controller']['list'], limits: EventDeskDeps['limits'] = {}) {
  desk = new EventDesk({
    live: replica.live,
    controller: {
      list: (kind, query, who, signal) => {
        asked.push(signal);
        return list(kind, query, who, signal);
      },
    },
    queryOf: () => parseListQuery([], listable(attributes.tap_services, 0)),
    ...{ clock: systemClock, newId: () => 'life', limits: { pauseMs: 1, ...limits } },
  });
  const open = () => desk.read(caller, null);
  const stream = open();
  let text = '';
  stream.on('data', (piece) => {
    text += piece;
  });
  return { stream, open, said: () => text };
}
const make = async (): Promise<string> => {
  const body = { tap_service: { name: 'x', port_id: portId(1) } };
  const made = await replica.as(acme)('POST', '/v2.0/taas/tap_services', body);
  expect(made.status).toBe(201);
  return made.body.tap_service.id;
};

it('ends the work for a client that goes, whose place is free when the work has ended', async () => {
  let end = () => undefined as undefined;
  const held = new Promise<readonly []>((resolve) => {
    end = () => void resolve([]);
  });
  const { stream, open } = follow(() => held, { mostOfProject: 1 });
  await make();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]?.aborted).toBe(false);
  stream.destroy();
  await vi.waitFor(() => expect(asked[0]?.aborted).toBe(true));
  expect(open).toThrow();
  end();
  await vi.waitFor(() => open().destroy());
});

it('has a client list anew where the view is behind, and goes on', async () => {
  const { stream, said } = follow(() => Promise.reject(new ViewBehindError('of a test')));
  await make();
  await vi.waitFor(() => expect(said()).toContain('event: reset'));
  expect(stream.destroyed).toBe(false);
});

it('has a client list anew where an event would be too long', async () => {
  const { said } = follow(async () => [{ id: '1', name: 'x'.repeat(600) }], { longest: 500 });
  await make();
  await vi.waitFor(() => expect(said()).toContain('event: reset'));
  expect(said()).not.toContain('xxx');
});

it('does not call gone what is there and is not shown to the caller', async () => {
  const { said } = follow(async () => []);
  const id = await make();
  await vi.waitFor(() => expect(said()).toContain('event: changed'));
  expect(said()).not.toContain(id);
  await replica.as(acme)('DELETE', `/v2.0/taas/tap_services/${id}`);
  await vi.waitFor(() => expect(said()).toContain(`"gone":["${id}"]`));
});
