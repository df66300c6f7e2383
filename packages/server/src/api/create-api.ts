import { NeutronUnauthorizedError } from '@taas/neutron';
import type { Logger } from '@taas/service';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { refusalOf } from '../audit/refused-request.js';
import { type Caller, UnauthenticatedError } from '../auth/authenticator.js';
import { NeutronError, pathNotFound, requestTooSlow, tooManyRequests } from '../errors/neutron-error.js';
import { isNeutrons } from '../front/is-neutrons.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import { requestTarget, resourceOf, splitUrl, type Target } from '../http/request-target.js';
import { asItComes, inPieces, json } from './answer-body.js';
import type { ApiDeps } from './api-deps.js';
import { auditRoute } from './audit-routes.js';
import { captureRoute } from './capture-routes.js';
import { answerClientError } from './client-error.js';
import { extensions, index, outside } from './discovery.js';
import { answerFor, outOfTime } from './error-answer.js';
import { eventRoute } from './event-routes.js';
import { openHttpServer } from './http-server.js';
import { nodeRoute } from './node-routes.js';
import { openApi } from './openapi.js';
import { planRoute } from './plan-routes.js';
import { statisticsRoute } from './statistics-routes.js';
import { approvalRoute, tapRoute } from './tap-routes.js';
import { tappedPortsRoute } from './tapped-ports.js';

/** How long an answer that refuses may wait for the audit trail, in ms. */
const refusalMs = 1_000;

interface Context {
  readonly target: Target;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly startedAt: number;
  readonly logger: Logger;
  /** Aborts when the request has taken too long. */
  readonly signal: AbortSignal;
  caller?: Caller;
}

/** The HTTP side of the API: Neutron's paths, methods, codes and headers. What is done stands in the controllers. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const { limits, clock, newId, access, slices, clients, door, rate, passThrough } = deps;
  const { taps, quotas, plans, nodes, tapped, statistics, captures, events } = deps.desks;
  const description = openApi('2.0');
  const contexts = new WeakMap<FastifyRequest, Context>();
  const contextOf = (request: FastifyRequest): Context => {
    const context = contexts.get(request);
    if (!context) throw new Error('the request has not passed the onRequest hook');
    return context;
  };

  const app = Fastify({
    // A stop answers what comes by connections that stand, and has them closed.
    return503OnClosing: false,
    bodyLimit: limits.bodyBytes,
    handlerTimeout: limits.requestMs,
    genReqId: () => `req-${newId()}`,
    requestIdHeader: false,
    // One route takes all: paths are read in one place of our own, as Neutron reads them.
    rewriteUrl: () => '/',
    clientErrorHandler: (error, socket) => answerClientError(error, socket, `req-${newId()}`, deps.logger),
    // What is Neutron's goes there before anything of it is read.
    serverFactory: (own) =>
      openHttpServer(deps, (request, response) => {
        const visit = deps.dashboard?.enter(request) ?? null;
        if (
          !door.admit(
            (asked) => clients.of(asked),
            request,
            response,
            () => `req-${newId()}`,
          )
        )
          return;
        if (visit !== null && !visit(response, clients.of(request).network)) return;
        if (passThrough && isNeutrons(request.url ?? '/')) void passThrough.handle(request, response);
        else own(request, response);
      }),
  });
  // Neutron takes every body for JSON, whatever its type says.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async (request, reply) => {
    const url = request.originalUrl;
    const { path, query } = splitUrl(url);
    const target = requestTarget(url);
    const logger = deps.logger.child({ request_id: request.id });
    const signal = AbortSignal.timeout(limits.requestMs);
    const context: Context = { target, path, query, startedAt: clock.monotonic(), logger, signal };
    contexts.set(request, context);
    void reply.header('X-Openstack-Request-Id', request.id);
    const { headers } = request.raw;
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      headers['content-type'] = 'application/octet-stream';
    } else delete headers['content-type'];
    if (url.length > limits.urlLength) throw new NeutronError(414, 'HTTPRequestURITooLong', 'The URL is too long.');
    if (target.is === 'outside' || target.is === 'openapi') return;
    const asked = { method: request.method, path, client: clients.of(request.raw).network };
    const identity = await deps.authenticator.authenticate(headers, asked, signal);
    context.caller = access.caller(identity);
    const wait = rate.take(context.caller.projectId);
    if (wait > 0) throw tooManyRequests(wait);
  });

  const answer = (request: ApiRequest, target: Target, caller: Caller | undefined): Promise<ApiAnswer> | ApiAnswer => {
    if (target.is === 'outside') return outside(target.page, request);
    if (target.is === 'openapi') return { status: 200, body: description };
    if (!caller) throw new UnauthenticatedError('no caller');
    switch (target.is) {
      case 'resource':
        return tapRoute(taps, request, target, caller);
      case 'approval':
        return approvalRoute(taps, request, target, caller);
      case 'statistics':
        return statisticsRoute(statistics, request, target, caller);
      case 'quotas':
        return quotas.answer(request, target, caller, limits.bodyDepth);
      case 'audit':
        if (!deps.audit) throw pathNotFound();
        return auditRoute({ log: deps.audit.log, access, slices }, request, caller);
      case 'nodes':
        return nodeRoute(nodes, request, caller);
      case 'plan':
        return planRoute(plans, request, caller, limits.bodyDepth);
      case 'captures':
        return captureRoute(captures, request, target, caller, limits.bodyDepth);
      case 'events':
        return eventRoute(events, request, caller);
      case 'tapped-ports':
        return tappedPortsRoute(tapped, request, target.port, caller);
      case 'index':
        return index(request);
      case 'extensions':
        return extensions(target.alias, request);
      default:
        throw pathNotFound();
    }
  };

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { target, caller, query, path, signal } = contextOf(request);
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const asked: ApiRequest = {
      method: request.method,
      url: request.originalUrl,
      path,
      query,
      body,
      signal,
      raw: request.raw,
      origin: origin(request, deps.tls !== undefined),
      // `done` may be told more than once.
      whenAnswered: (done) => {
        if (reply.raw.destroyed || reply.raw.writableFinished) done();
        // Not Fastify's onResponse: that keeps silent when the client has gone.
        reply.raw.once('finish', done);
        reply.raw.once('close', done);
        reply.raw.once('error', done);
      },
    };
    const work = () => answer(asked, target, caller);
    const actor = caller && { userId: caller.userId, projectId: caller.projectId, requestId: request.id };
    const given = await (deps.audit && actor ? deps.audit.behalves.run({ actor, because: '' }, work) : work());
    for (const [name, value] of Object.entries(given.headers ?? {})) void reply.header(name, value);
    if (given.stream) return asItComes(reply, given.status, given.stream);
    if (given.json) return inPieces(reply, given.status, given.json);
    return given.body === undefined ? reply.code(given.status).send() : json(reply, given.status, given.body);
  };

  app.route({ method: app.supportedMethods, url: '/', exposeHeadRoute: false, handler: handle });
  app.setNotFoundHandler(handle);

  app.setErrorHandler(async (error: unknown, request, reply) => {
    const { caller, logger, target, path } = contextOf(request);
    if (error instanceof NeutronUnauthorizedError && caller?.token) deps.authenticator.forget?.(caller.token);
    const published = outOfTime(error) && !request.raw.complete ? requestTooSlow({ cause: error }) : error;
    const { status, body, challenge, retryAfter } = answerFor(published, deps.authenticator.challenge);
    if (deps.audit && status === 401) deps.audit.refusals.stranger();
    if (deps.audit && caller && published instanceof NeutronError) {
      const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const asked = { method: request.method, path, target, requestId: request.id, body: raw };
      const refusal = refusalOf({ ...asked, bodyDepth: limits.bodyDepth }, caller, published);
      // The answer waits until the trail has it, but not for an etcd that does not answer.
      if (refusal) await Promise.race([deps.audit.refusals.known(refusal), clock.sleep(refusalMs)]);
    }
    // What may still come of the request is not the next one.
    if (status === 408) void reply.header('Connection', 'close');
    if (status >= 500) logger.error({ cause: error }, 'request failed');
    if (challenge !== undefined) void reply.header('WWW-Authenticate', challenge);
    if (retryAfter !== undefined) void reply.header('Retry-After', retryAfter);
    return json(reply, status, body);
  });

  // Before it is waited for that requests in progress are answered: a capture's is as long as the capture.
  app.addHook('preClose', () => {
    events.stop();
    return captures.stop();
  });

  // Called when the requests in progress have been answered.
  app.addHook('onClose', async () => {
    await statistics.desk.stop();
    await passThrough?.close();
  });

  app.addHook('onResponse', async (request, reply) => {
    const context = contexts.get(request);
    const { method } = request;
    const seconds = context ? (clock.monotonic() - context.startedAt) / 1000 : 0;
    deps.onAnswered({ method, resource: resourceOf(context?.target), status: reply.statusCode, seconds });
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

/** Links follow the Host that the client has used, and X-Forwarded-Proto, as Neutron's do. */
function origin(request: FastifyRequest, encrypted: boolean): string {
  const forwarded = request.headers['x-forwarded-proto'];
  const own = encrypted ? 'https' : 'http';
  const scheme = forwarded === 'https' || forwarded === 'http' ? forwarded : own;
  return `${scheme}://${request.headers.host ?? 'localhost'}`;
}
