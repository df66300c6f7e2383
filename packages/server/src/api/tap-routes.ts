import type { Caller } from '../auth/authenticator.js';
import type { ApiLimits } from './api-limits.js';
import { sortableAttributes } from './attributes.js';
import { pageLinks, parseFields, parseListQuery, selectFields } from './list-query.js';
import { badRequest, methodNotAllowed, NeutronError, tapNotFound, words } from './neutron-error.js';
import type { ApiAnswer, ApiRequest } from './request.js';
import { parseJsonBody } from './request-body.js';
import type { Target } from './request-target.js';
import type { TapController } from './tap-controller.js';

/** Answers a request about tap services, flows or mirrors. @throws NeutronError */
export async function tapRoute(
  controller: TapController,
  limits: ApiLimits,
  request: ApiRequest,
  { kind, id }: Extract<Target, { is: 'resource' }>,
  caller: Caller,
): Promise<ApiAnswer> {
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
      const asked = parseListQuery(query, sortableAttributes(kind));
      const page = await controller.list(kind, asked, caller);
      const links = pageLinks(asked, `${request.origin}${request.path}`, page);
      const shown = page.map((item) => selectFields(asked.fields, item));
      return { status: 200, body: { [kind]: shown, ...(links.length > 0 ? { [`${kind}_links`]: links } : {}) } };
    }
  }
}
