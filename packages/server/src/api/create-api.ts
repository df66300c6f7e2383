import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type RequestListener,
  type ServerOptions,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { Clients, createPassThrough } from '@taas/gateway';
import { NeutronUnauthorizedError } from '@taas/neutron';
import { createPolicy, defaultRules, type Policy } from '@taas/policy';
import { type Clock, fixed, type KeyPair, type Logger, type Watched } from '@taas/service';
import type { Store } from '@taas/store';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import {
  type RemoteAddressPolicy,
  remoteAddressPolicy,
  usualRemoteAddresses,
} from '../addresses/remote-address-policy.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Refusals } from '../audit/refusals.js';
import { refusalOf } from '../audit/refused-request.js';
import { Access } from '../auth/access.js';
import type { Behalves } from '../auth/actor.js';
import { type Authenticator, type Caller, UnauthenticatedError } from '../auth/authenticator.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import { Contained } from '../errors/contained.js';
import { NeutronError, pathNotFound, requestTooSlow, tooManyRequests } from '../errors/neutron-error.js';
import { type ConnectionLimits, limitConnections, noConnectionLimits } from '../front/connection-limit.js';
import { Door, type DoorLimits, openDoor } from '../front/door.js';
import { isNeutrons } from '../front/is-neutrons.js';
import { RateLimiter, type RateLimits } from '../http/rate-limit.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import { requestTarget, splitUrl, type Target } from '../http/request-target.js';
import { Slices } from '../slices/slices.js';
import { Placements } from '../status/placements.js';
import { TappedPortsIndex } from '../status/tapped-ports-index.js';
import { Admission } from '../taps/admission/admission.js';
import type { PortDirectory } from '../taps/admission/port-directory.js';
import { noQuota, type QuotaLimits } from '../taps/admission/quotas.js';
import { SecondLook } from '../taps/admission/second-look.js';
import { removeTapsIfGone } from '../taps/removal/port-removal.js';
import { TapController } from '../taps/tap-controller.js';
import { noWriteLimits, WriteBudget, type WriteLimits } from '../taps/write-budget.js';
import type { KnownPlace } from '../view/bound-ports.js';
import type { LiveView } from '../view/live-view.js';
import { OwnWrites } from '../view/own-writes.js';
import { type ApiLimits, defaultLimits } from './api-limits.js';
import { auditRoute } from './audit-routes.js';
import { answerClientError } from './client-error.js';
import { extensions, index, outside } from './discovery.js';
import { answerFor, outOfTime } from './error-answer.js';
import { openApi } from './openapi.js';
import { ProjectPlaces } from './project-places.js';
import { QuotaController } from './quota-controller.js';
import { QuotaRoutes } from './quota-routes.js';
import { tapRoute } from './tap-routes.js';
import { tappedPortsRoute } from './tapped-ports.js';

export interface ApiDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly ports: PortDirectory;
  /** Where a port is bound, if this replica follows that itself. */
  readonly place?: (port: string) => KnownPlace | undefined;
  readonly authenticator: Authenticator;
  readonly policy: SegmentPolicy;
  readonly logger: Logger;
  readonly clock: Clock;
  /** A new UUID at each call. */
  readonly newId: () => string;
  /** Those of all that this server does; of the API alone if absent. */
  readonly slices?: Slices;
  readonly limits?: Partial<ApiLimits>;
  /** Who may do what; upstream's defaults if absent. */
  readonly rules?: Watched<Policy>;
  /** Limits of projects for which an administrator has set none; none if absent. */
  readonly quotas?: QuotaLimits;
  readonly rate?: RateLimits;
  /** Where tap mirrors may send to; if absent, that of a server that nobody has configured. */
  readonly remoteAddresses?: RemoteAddressPolicy;
  /** What may be asked without a known token; no limit if absent. */
  readonly strangers?: DoorLimits;
  readonly connections?: ConnectionLimits;
  /** Addresses or subnets of proxies in front, whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
  /** What a project may write to etcd; no limit if absent. */
  readonly writes?: WriteLimits;
  /** Throws when etcd has no room for more than deletions. */
  readonly checkRoom?: () => void;
  readonly neutron?: NeutronBehind;
  /** Told of a port whose DELETE has passed through here, after its taps are gone. */
  readonly portDeleted?: (portId: string) => void;
  /** Where what is done and refused is written down; without it there is no audit trail to read. */
  readonly audit?: AuditParts;
  readonly contained?: Contained;
  /** A new one counts for connections from then on. */
  readonly tls?: Watched<KeyPair>;
}

export interface AuditParts {
  readonly log: AuditLog;
  readonly refusals: Refusals;
  /** Tells the store on whose behalf it writes. */
  readonly behalves: Behalves;
}

/** Neutron behind this server, for all that is not TaaS. */
export interface NeutronBehind {
  /** Its endpoint without `/v2.0`, such as `http://neutron.example:9696`. */
  readonly url: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: Watched<Buffer> | undefined;
  /** How long it may be silent, in ms. */
  readonly silenceMs: number;
  /** Whether a port is gone beyond doubt. @throws UpstreamUnavailableError; the signal's reason */
  readonly portGone: (portId: string, signal: AbortSignal) => Promise<boolean>;
}

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

export { type ApiLimits, defaultLimits } from './api-limits.js';

/** The HTTP side of the API: Neutron's paths, methods, codes and headers. What is done stands in the controllers. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const limits = { ...defaultLimits, ...deps.limits };
  const { store, live, ports, policy, clock, newId, neutron } = deps;
  const { catchUpMs, lingerMs } = limits;
  const quotas = deps.quotas ?? noQuota;
  const writes = new OwnWrites();
  const access = new Access(deps.rules ?? fixed(createPolicy({ defaults: defaultRules })));
  const remoteAddresses = deps.remoteAddresses ?? remoteAddressPolicy(usualRemoteAddresses);
  const admission = new Admission({
    ...{ store, live, ports, catchUpMs, quotas, remoteAddresses },
    lookUpMs: limits.requestMs,
    place: deps.place ?? (() => undefined),
  });
  const contained = deps.contained ?? new Contained(deps.logger);
  const placements = new Placements(live.view, policy);
  const slices = deps.slices ?? new Slices({ clock });
  live.subscribe((touched) => placements.forget(touched));
  const tappedPorts = new TappedPortsIndex(live.view);
  live.subscribe((touched) => tappedPorts.take(touched));
  const controller = new TapController({
    mirrorRules: { addresses: remoteAddresses, projectShare: policy.projectShare },
    ...{ store, live, admission, access, writes, placements, slices, clock, newId, catchUpMs, contained },
    secondLook: new SecondLook({ store, live, writes, clock, catchUpMs, lingerMs }),
    bulkItems: limits.bulkItems,
    budget: new WriteBudget(deps.writes ?? noWriteLimits, clock),
    checkRoom: deps.checkRoom ?? (() => undefined),
  });
  const quotaController = new QuotaController({ store, live, access, writes, defaults: quotas, catchUpMs });
  const places = new ProjectPlaces({ places: limits.projectLists, waiting: limits.projectLists * 8 });
  const taps = { controller, limits, slices, places };
  const tapped = { live, index: tappedPorts, access, writes, slices, places, catchUpMs, contained };
  const rate = new RateLimiter(deps.rate ?? { perSecond: 0, burst: 1 }, clock);
  const description = openApi('2.0');
  const contexts = new WeakMap<FastifyRequest, Context>();
  const contextOf = (request: FastifyRequest): Context => {
    const context = contexts.get(request);
    if (!context) throw new Error('the request has not passed the onRequest hook');
    return context;
  };
  const { known } = deps.authenticator;
  const clients = new Clients({ clock, trustedProxies: deps.trustedProxies ?? [], projectOf: known });
  // Where there are no tokens, everybody would be a stranger.
  const door = new Door(known ? (deps.strangers ?? openDoor) : openDoor, clock);
  const passThrough =
    neutron &&
    createPassThrough({
      ...{ neutronUrl: neutron.url, logger: deps.logger, clock, newId, clients },
      ca: neutron.ca,
      timeouts: { answerMs: neutron.silenceMs, idleMs: neutron.silenceMs },
      limits: { chunkedBodyBytes: limits.bodyBytes },
      hooks: {
        afterPortDeleted: async (port, { requestId, signal }) => {
          const log = deps.logger.child({ request_id: requestId });
          const removal = { store, live, writes, catchUpMs, behalves: deps.audit?.behalves, logger: log };
          if (await removeTapsIfGone(removal, port, () => neutron.portGone(port, signal))) deps.portDeleted?.(port);
        },
      },
    });

  const quotaRoutes = new QuotaRoutes(quotaController, passThrough ?? null);

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
      listener(deps, limits, clients, (request, response) => {
        if (
          !door.admit(
            (asked) => clients.of(asked),
            request,
            response,
            () => `req-${newId()}`,
          )
        )
          return;
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
      case 'quotas':
        return quotaRoutes.answer(request, target, caller, limits.bodyDepth);
      case 'audit':
        if (!deps.audit) throw pathNotFound();
        return auditRoute({ log: deps.audit.log, access, slices }, request, caller);
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
      ...{ method: request.method, url: request.originalUrl, path, query, body, signal },
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
    if (given.json) return bytes(reply, given.status, given.json);
    return given.body === undefined ? reply.code(given.status).send() : json(reply, given.status, given.body);
  };

  app.route({ method: app.supportedMethods, url: '/', exposeHeadRoute: false, handler: handle });
  app.setNotFoundHandler(handle);

  app.setErrorHandler(async (error: unknown, request, reply) => {
    const { caller, logger, target, path } = contextOf(request);
    if (error instanceof NeutronUnauthorizedError && caller?.token) deps.authenticator.forget?.(caller.token);
    const told = outOfTime(error) && !request.raw.complete ? requestTooSlow({ cause: error }) : error;
    const { status, body, challenge, retryAfter } = answerFor(told, deps.authenticator.challenge);
    if (deps.audit && status === 401) deps.audit.refusals.stranger();
    if (deps.audit && caller && told instanceof NeutronError) {
      const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const asked = { method: request.method, path, target, requestId: request.id, body: raw };
      const refusal = refusalOf({ ...asked, bodyDepth: limits.bodyDepth }, caller, told);
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

  // Called when the requests under way have been answered.
  app.addHook('onClose', async () => passThrough?.close());

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

function listener(deps: ApiDeps, limits: ApiLimits, clients: Clients, handler: RequestListener): HttpServer {
  const { headerBytes: maxHeaderSize, requestMs: requestTimeout } = limits;
  // Node looks only every 30 s by itself.
  const connectionsCheckingInterval = Math.min(1_000, requestTimeout / 2);
  const headersTimeout = Math.min(10_000, requestTimeout);
  const options = { maxHeaderSize, requestTimeout, headersTimeout, connectionsCheckingInterval };
  const server = deps.tls
    ? secureServer(deps.tls, { ...options, handshakeTimeout: headersTimeout }, handler)
    : createHttpServer(options, handler);
  limitConnections(server, deps.connections ?? noConnectionLimits, (address) => clients.isProxy(address));
  // Who waits for Neutron is silent too.
  server.setTimeout(Math.max(limits.requestMs, deps.neutron?.silenceMs ?? 0) * 2);
  return server;
}

function secureServer(
  tls: Watched<KeyPair>,
  options: ServerOptions & { readonly handshakeTimeout: number },
  handler: RequestListener,
): HttpServer {
  const minVersion = 'TLSv1.2';
  const server = createHttpsServer({ ...options, ...tls.current, minVersion }, handler);
  tls.onChange((pair) => server.setSecureContext({ ...pair, minVersion }));
  return server;
}

function json(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return bytes(reply, status, Buffer.from(JSON.stringify(body)));
}

/** As bytes, since Fastify would add a charset that Neutron does not send. */
function bytes(reply: FastifyReply, status: number, body: Buffer): FastifyReply {
  return reply.code(status).header('content-type', 'application/json').send(body);
}

/** Links follow the Host that the client has used, and X-Forwarded-Proto, as Neutron's do. */
function origin(request: FastifyRequest, encrypted: boolean): string {
  const forwarded = request.headers['x-forwarded-proto'];
  const own = encrypted ? 'https' : 'http';
  const scheme = forwarded === 'https' || forwarded === 'http' ? forwarded : own;
  return `${scheme}://${request.headers.host ?? 'localhost'}`;
}
