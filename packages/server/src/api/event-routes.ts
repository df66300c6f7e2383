import type { Caller } from '../auth/authenticator.js';
import { badRequest, methodNotAllowed } from '../errors/neutron-error.js';
import type { EventDesk } from '../events/event-desk.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';

/** Longer than any id of an event. */
const longest = 200;

/** `GET /v2.0/taas/events`: what has changed, as it does. @throws NeutronError */
export function eventRoute(desk: EventDesk, { method, query, raw }: ApiRequest, caller: Caller): ApiAnswer {
  if (method !== 'GET') throw methodNotAllowed(method);
  const unknown = query.map(([name]) => name).filter((name) => name !== 'since');
  if (unknown.length > 0) throw badRequest(`Events cannot be filtered by: ${unknown.sort().join(', ')}`);
  // The browser's own word, when it comes again by itself, is the later one.
  const header = raw.headers['last-event-id'];
  const since = (Array.isArray(header) ? header[0] : header) || query.at(-1)?.[1] || null;
  if (since !== null && since.length > longest) throw badRequest('since is the id of an event');
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
  return { status: 200, stream: desk.read(caller, since), headers };
}
