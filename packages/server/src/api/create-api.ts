import type { Clock, Logger } from '@taas/service';
import type { Store } from '@taas/store';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Admission } from '../admission/admission.js';
import type { PortDirectory } from '../admission/port-directory.js';
import { type Authenticator, type Caller, UnauthenticatedError } from '../auth/authenticator.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import type { LiveView } from '../view/live-view.js';
import { answerFor } from './error-answer.js';
import { pageLinks, parseFields, parseListQuery, selectFields } from './list-query.js';
import { badRequest, methodNotAllowed, NeutronError, pathNotFound, tapNotFound, words } from './neutron-error.js';
import { parseJsonBody } from './request-body.js';
import { requestTarget, splitUrl, type Target } from './request-target.js';
import { TapController } from './tap-controller.js';

export interface ApiLimits {
  /** Largest request body, in bytes. */
  readonly bodyBytes: number;
  /** How deep a body's JSON may nest. */
  readonly bodyDepth: number;
  /** Longest URL, in characters. */
  readonly urlLength: number;
  /** Time for a request to arrive whole, and for it to be answered, in ms. */
  readonly requestMs: number;
  /** Time for this replica to catch up with etcd while a request waits, in ms. */
  readonly catchUpMs: number;
}

export const defaultLimits: ApiLimits = {
  bodyBytes: 512 * 1024,
  bodyDepth: 32,
  urlLength: 8190,
  requestMs: 30_000,
  catchUpMs: 5_000,
};

export interface ApiDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly ports: PortDirectory;
  readonly authenticator: Authenticator;
  readonly policy: SegmentPolicy;
  readonly logger: Logger;
  readonly clock: Clock;
  /** A new UUID at each call. */
  readonly newId: () => string;
  readonly limits?: Partial<ApiLimits>;
}

interface Context {
  readonly target: Target;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly startedAt: number;
  readonly logger: Logger;
  caller?: Caller;
}

/** The HTTP side of the API: Neutron's paths, methods, codes and headers. What is done stands in {@link TapController}. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const limits = { ...defaultLimits, ...deps.limits };
  const { store, live, ports, policy, clock, newId } = deps;
  const { catchUpMs } = limits;
  const admission = new Admission({ store, live, ports, catchUpMs });
  const controller = new TapController({ store, live, admission, policy, clock, newId, catchUpMs });
  const contexts = new WeakMap<FastifyRequest, Context>();
  const contextOf = (request: FastifyRequest): Context => {
    const context = contexts.get(request);
    if (!context) throw new Error('the request has not passed the onRequest hook');
    return context;
  };

  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    handlerTimeout: limits.requestMs,
    connectionTimeout: limits.requestMs * 2,
    genReqId: () => `req-${newId()}`,
    requestIdHeader: false,
    // One route takes all: paths are read in one place of our own, as Neutron reads them.
    rewriteUrl: () => '/',
  });
  // Neutron takes every body for JSON, whatever its type says.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async (request, reply) => {
    const url = request.originalUrl;
    const { path, query } = splitUrl(url);
    const target = requestTarget(path);
    const logger = deps.logger.child({ request_id: request.id });
    const context: Context = { target, path, query, startedAt: clock.monotonic(), logger };
    contexts.set(request, context);
    void reply.header('X-Openstack-Request-Id', request.id);
    const { headers } = request.raw;
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      headers['content-type'] = 'application/octet-stream';
    } else delete headers['content-type'];
    if (url.length > limits.urlLength) throw new NeutronError(414, 'HTTPRequestURITooLong', 'The URL is too long.');
    if (target.is !== 'outside') context.caller = await deps.authenticator.authenticate(headers);
  });

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { target, caller, query, path } = contextOf(request);
    if (target.is === 'outside') return json(reply, 404, { code: 404, title: 'Not Found', description: null });
    if (target.is === 'unknown') throw pathNotFound();
    if (!caller) throw new UnauthenticatedError('no caller');
    const { kind, id } = target;
    const { resource, title, notFound } = words[kind];
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    switch (request.method) {
      case 'POST': {
        const parsed = body.length === 0 ? null : parseJsonBody(body, limits.bodyDepth);
        const { bulk, shown } = await controller.create(kind, parsed, caller);
        return json(reply, 201, bulk ? { [kind]: shown } : { [resource]: shown[0] });
      }
      case 'PUT': {
        if (id === null) throw new NeutronError(404, notFound, `${title}  None does not exist`);
        if (body.length === 0) throw new NeutronError(400, 'BadRequest', "Bad body request: Invalid format: b''.");
        const parsed = parseJsonBody(body, limits.bodyDepth);
        return json(reply, 200, { [resource]: await controller.update(kind, id, parsed, caller) });
      }
      case 'DELETE':
        if (body.length > 0) throw badRequest('Request body is not supported in DELETE.');
        if (id === null) throw tapNotFound(kind, 'None');
        await controller.remove(kind, id, caller);
        return reply.code(204).send();
      case 'PATCH':
      case 'HEAD':
        throw methodNotAllowed(request.method);
      default: {
        // Neutron answers every other method as GET.
        if (id !== null) {
          const shown = await controller.show(kind, id, caller);
          return json(reply, 200, { [resource]: selectFields(parseFields(query), shown) });
        }
        const asked = parseListQuery(query);
        const page = await controller.list(kind, asked, caller);
        const links = pageLinks(asked, baseUrl(request, path), page);
        return json(reply, 200, {
          [kind]: page.map((shown) => selectFields(asked.fields, shown)),
          ...(links.length > 0 ? { [`${kind}_links`]: links } : {}),
        });
      }
    }
  };

  app.route({ method: app.supportedMethods, url: '/', exposeHeadRoute: false, handler: handle });
  app.setNotFoundHandler(handle);

  app.setErrorHandler(async (error: unknown, request, reply) => {
    const answer = answerFor(error, deps.authenticator.challenge);
    if (answer.status >= 500) contextOf(request).logger.error({ cause: error }, 'request failed');
    if (answer.challenge !== undefined) void reply.header('WWW-Authenticate', answer.challenge);
    return json(reply, answer.status, answer.body);
  });

  app.addHook('onResponse', async (request, reply) => {
    const context = contexts.get(request);
    context?.logger.info(
      {
        method: request.method,
        path: context.path,
        status: reply.statusCode,
        ms: Math.round((clock.monotonic() - context.startedAt) * 10) / 10,
        project: context.caller?.projectId,
        user: context.caller?.userId,
      },
      'request',
    );
  });
  return app;
}

/** As text, since Fastify would add a charset that Neutron does not send. */
function json(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/json')
    .send(Buffer.from(JSON.stringify(body)));
}

/** Links follow the Host that the client has used, and X-Forwarded-Proto, as Neutron's do. */
function baseUrl(request: FastifyRequest, path: string): string {
  const forwarded = request.headers['x-forwarded-proto'];
  const scheme = forwarded === 'https' || forwarded === 'http' ? forwarded : 'http';
  return `${scheme}://${request.headers.host ?? 'localhost'}${path}`;
}
