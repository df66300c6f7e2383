import type { ResourceKind } from '@taas/model';
import type { Caller } from '../auth/authenticator.js';
import { badRequest, methodNotAllowed, NeutronError, tapNotFound, words } from '../errors/neutron-error.js';
import { listBody } from '../http/list-body.js';
import { pageLinks, parseFields, parseListQuery, selectFields } from '../http/list-query.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import { parseJsonBody } from '../http/request-body.js';
import type { Target } from '../http/request-target.js';
import type { Slices } from '../slices/slices.js';
import { listable } from '../taps/attributes.js';
import type { TapController } from '../taps/tap-controller.js';
import { attributes } from '../taps/tap-kinds.js';
import type { ApiLimits } from './api-limits.js';
import type { ProjectPlaces } from './project-places.js';

export interface TapRouteDeps {
  readonly controller: TapController;
  readonly limits: ApiLimits;
  readonly slices: Slices;
  /** For lists. */
  readonly places: ProjectPlaces;
}

/** Answers a request about tap services, flows or mirrors. @throws NeutronError */
export async function tapRoute(
  deps: TapRouteDeps,
  request: ApiRequest,
  { kind, id }: Extract<Target, { is: 'resource' }>,
  caller: Caller,
): Promise<ApiAnswer> {
  const { controller, limits } = deps;
  const { resource, title, notFound } = words[kind];
  const { method, body, query } = request;
  switch (method) {
    case 'POST': {
      const parsed = body.length === 0 ? null : parseJsonBody(body, limits.bodyDepth);
      const { bulk, shown } = await controller.create(kind, parsed, caller);
      return { status: 201, body: bulk ? { [kind]: shown } : { [resource]: shown[0] } };
    }
    case 'PUT': {
      if (id === null) throw new NeutronError(404, notFound, `${title} None does not exist`);
      if (body.length === 0) throw new NeutronError(400, 'BadRequest', "Bad body request: Invalid format: b''.");
      const parsed = parseJsonBody(body, limits.bodyDepth);
      return { status: 200, body: { [resource]: await controller.update(kind, id, parsed, caller) } };
    }
    case 'DELETE':
      if (body.length > 0) throw badRequest('Request body is not supported in DELETE.');
      if (id === null) throw tapNotFound(kind, 'None');
      await controller.remove(kind, id, caller);
      return { status: 204 };
    case 'PATCH':
    case 'HEAD':
      throw methodNotAllowed(method);
    default: {
      // Neutron answers every other method as GET.
      if (id !== null) {
        const shown = await controller.show(kind, id, caller);
        return { status: 200, body: { [resource]: selectFields(parseFields(query), shown) } };
      }
      return list(deps, request, kind, caller);
    }
  }
}

/** `PUT .../approve`. @throws NeutronError */
export async function approvalRoute(
  { controller, limits }: TapRouteDeps,
  { method, body }: ApiRequest,
  { kind, id }: Extract<Target, { is: 'approval' }>,
  caller: Caller,
): Promise<ApiAnswer> {
  if (method !== 'PUT') throw methodNotAllowed(method);
  const parsed = body.length === 0 ? null : parseJsonBody(body, limits.bodyDepth);
  return { status: 200, body: { [words[kind].resource]: await controller.approve(kind, id, parsed, caller) } };
}

async function list(deps: TapRouteDeps, request: ApiRequest, kind: ResourceKind, caller: Caller): Promise<ApiAnswer> {
  const { controller, limits, slices, places } = deps;
  const { query, signal, whenAnswered } = request;
  const asked = parseListQuery(query, listable(attributes[kind], limits.pageItems));
  const release = await places.take(caller.projectId, signal);
  // Who does not read what is sent keeps its project's place.
  whenAnswered(release);
  const page = await controller.list(kind, asked, caller, signal);
  const links = pageLinks(asked, `${request.origin}${request.path}`, page);
  const body = listBody(
    kind,
    page,
    (item) => selectFields(asked.fields, item),
    () => links,
  );
  const json = await slices.run(caller.projectId, body, signal);
  return { status: 200, json };
}
