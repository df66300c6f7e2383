import { taasExtensions, taasResources } from '@taas/gateway';
import { methodNotAllowed } from '../errors/neutron-error.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';

/*
 * What tells clients what there is, for a server without a Neutron. With one, Neutron is asked, and the gateway adds the
 * same to its answers.
 */

/** `/`, `/healthcheck`, and nothing else outside `/v2.0`. */
export function outside(page: 'versions' | 'healthcheck' | null, { origin }: ApiRequest): ApiAnswer {
  if (page === 'versions') {
    const links = [{ rel: 'self', href: `${origin}/v2.0/` }];
    return { status: 200, body: { versions: [{ id: 'v2.0', status: 'CURRENT', links }] } };
  }
  if (page === 'healthcheck') return { status: 200, body: { detailed: false, reasons: ['OK'] } };
  return { status: 404, body: { code: 404, title: 'Not Found', description: null } };
}

/** `GET /v2.0/` */
export function index(request: ApiRequest): ApiAnswer {
  mustRead(request);
  const resources = taasResources.map(({ name, collection, path }) => {
    return { name, collection, links: [{ rel: 'self', href: `${request.origin}/v2.0/${path}` }] };
  });
  return { status: 200, body: { resources } };
}

/** `GET /v2.0/extensions`, or one of them. A 404 has a form that no other answer of Neutron's has. */
export function extensions(alias: string | null, request: ApiRequest): ApiAnswer {
  mustRead(request);
  if (alias === null) return { status: 200, body: { extensions: taasExtensions } };
  const extension = taasExtensions.find((known) => known.alias === alias);
  if (extension) return { status: 200, body: { extension } };
  const message = `The resource could not be found.<br /><br />\nExtension with alias ${alias} does not exist\n\n`;
  return { status: 404, body: { message, code: '404 Not Found', title: 'Not Found' } };
}

function mustRead({ method }: ApiRequest): void {
  if (method !== 'GET') throw methodNotAllowed(method);
}
