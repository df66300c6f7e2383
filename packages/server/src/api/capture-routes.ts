import type { Caller } from '../auth/authenticator.js';
import type { CaptureDesk } from '../captures/capture-desk.js';
import { badRequest, methodNotAllowed, pathNotFound } from '../errors/neutron-error.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import { parseJsonBody } from '../http/request-body.js';
import type { Target } from '../http/request-target.js';

/** What browsers and programs know of pcapng: it has no registered type. */
const pcapng = 'application/x-pcapng';

/** `/v2.0/taas/captures`, one of them, or its file as it comes. @throws NeutronError */
export async function captureRoute(
  desk: CaptureDesk,
  request: ApiRequest,
  { id, part }: Extract<Target, { is: 'captures' }>,
  caller: Caller,
  bodyDepth: number,
): Promise<ApiAnswer> {
  const { method, body } = request;
  if (part === 'stream') {
    if (method !== 'GET') throw methodNotAllowed(method);
    return { status: 200, stream: await desk.read(id, caller), headers: { 'content-type': pcapng } };
  }
  if (part === 'packets') {
    if (method !== 'GET') throw methodNotAllowed(method);
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
    return { status: 200, stream: await desk.watch(id, caller), headers };
  }
  if (part === 'approve') {
    if (method !== 'PUT') throw methodNotAllowed(method);
    if (body.length > 0) throw badRequest('Request body is not supported in an approval.');
    return { status: 200, body: { capture: await desk.approve(id, caller) } };
  }
  switch (method) {
    case 'GET':
      return id === null
        ? { status: 200, body: { captures: desk.list(caller) } }
        : { status: 200, body: { capture: desk.show(id, caller) } };
    case 'POST': {
      if (id !== null) throw pathNotFound();
      const json = body.length === 0 ? null : parseJsonBody(body, bodyDepth);
      return { status: 201, body: { capture: await desk.create(json, caller) } };
    }
    case 'DELETE':
      if (body.length > 0) throw badRequest('Request body is not supported in DELETE.');
      if (id === null) throw pathNotFound();
      await desk.remove(id, caller);
      return { status: 204 };
    default:
      throw methodNotAllowed(method);
  }
}
