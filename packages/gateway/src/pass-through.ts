import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Logger } from '@taas/service';
import { type TransportAnswer, within } from '@taas/upstream';
import { type Amendment, amended, amendmentOf, taasExtensions, taasResources } from './amended-documents.js';
import { answerError, answerJson, collected, passOn } from './answer.js';
import { BodyRoom } from './body-room.js';
import { type Client, Clients } from './clients.js';
import { ClientGoneError, onDeparture } from './departure.js';
import { connectionLost, GatewayError } from './gateway-error.js';
import { requestHeaders } from './header-rules.js';
import { neutronPath, pathOfTarget, portOfPath } from './neutron-path.js';
import {
  defaultPassThroughLimits,
  defaultPassThroughTimeouts,
  type PassThroughOptions,
} from './pass-through-options.js';
import { defaultReaderLimits, watchReader } from './reader-watch.js';
import { type RequestBody, requestBody } from './request-body.js';
import { Slots } from './slots.js';
import { Upstream } from './upstream.js';

/** What a client asks, put to Neutron in the client's name by somebody who needs the answer for one of their own. */
export interface Question {
  readonly method: string;
  /** Path and query, as the client has sent them. */
  readonly target: string;
  /** Instead of the client's; empty for none. */
  readonly body: Buffer;
  /** Breaks the question off. */
  readonly signal: AbortSignal;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface PassThrough {
  /** Answers one request, whatever happens; resolves when that is done. Never throws. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /**
   * Asks Neutron with the headers of a client's request, within the same bounds as what is passed on. What may change
   * something is never sent twice.
   * @throws GatewayError 503 if nothing was sent, 502 or 504 if that is not known; the signal's reason
   */
  ask(request: IncomingMessage, question: Question): Promise<WholeAnswer>;
  /** For a health page. */
  readonly load: { readonly atNeutron: number; readonly waiting: number; readonly heldBytes: number };
  /** Breaks off what is in progress, and closes the connections to Neutron. */
  close(): void;
}

/** What is in progress for one request. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: readonly string[] | null;
  readonly client: Client;
  readonly portId: string | null;
  readonly amendment: Amendment | null;
  readonly startedAt: number;
  /** Aborts when nobody waits for the answer. */
  readonly gone: AbortController;
  /** Aborts when the pass-through closes. */
  readonly stopped: AbortController;
  /** The id that the client is told: Neutron's as soon as it has answered. */
  requestId: string;
  logger: Logger;
}

/**
 * Passes requests on to Neutron as they came, and its answers back.
 * @throws TypeError for a wrong `neutronUrl`
 */
export function createPassThrough(options: PassThroughOptions): PassThrough {
  const { clock, hooks = {}, newId } = options;
  const timeouts = { ...defaultPassThroughTimeouts, ...options.timeouts };
  const limits = { ...defaultPassThroughLimits, ...options.limits };
  const additions = {
    extensions: options.extensions ?? taasExtensions,
    resources: options.resources ?? taasResources,
  };
  const upstream = new Upstream(options.neutronUrl, options.ca, limits.concurrent, timeouts);
  const slots = new Slots({ ...limits, queueMs: timeouts.queueMs });
  const room = new BodyRoom(limits);
  const clients = options.clients ?? new Clients({ clock });
  const live = new Set<Exchange>();
  const stop = new AbortController();
  let closed: GatewayError | undefined;

  const headersOf = (request: IncomingMessage, contentLength: number | null, readAnswer: boolean): string[] =>
    requestHeaders({
      headers: request.rawHeaders,
      clientAddress: request.socket.remoteAddress,
      encrypted: request.socket instanceof TLSSocket,
      fallbackHost: upstream.host,
      ...{ contentLength, readAnswer },
    });

  /** The body is read first: what can be waited for is the client's, what is waited in is everybody's. */
  const send = async (exchange: Exchange, signal: AbortSignal): Promise<TransportAnswer> => {
    const { request, client, gone } = exchange;
    const bounds = { ...limits, idleMs: timeouts.idleMs, bodyMs: timeouts.bodyMs };
    const body = await requestBody(request, client, room, bounds, gone.signal);
    try {
      return await sendWhole(exchange, body, signal);
    } finally {
      body.release();
    }
  };

  const sendWhole = async (exchange: Exchange, body: RequestBody, signal: AbortSignal): Promise<TransportAnswer> => {
    const { request, method, client, path, amendment } = exchange;
    const release = await slots.take(client, signal);
    try {
      const answer = await upstream.send({
        method,
        signal,
        body: body.bytes,
        target: amendment?.is === 'extension' ? '/v2.0/extensions' : (request.url ?? '/'),
        headers: headersOf(request, body.length, amendment !== null),
      });
      answer.body.once('close', release);
      clients.learn(request, path, answer.status);
      const given = answer.headers['x-openstack-request-id'];
      if (typeof given === 'string') {
        exchange.requestId = given;
        exchange.logger = options.logger.child({ request_id: given });
      }
      return answer;
    } catch (error) {
      release();
      throw error;
    }
  };

  const amend = async (exchange: Exchange, amendment: Amendment, answer: TransportAnswer): Promise<void> => {
    const whole = await collected(answer, limits.documentBytes);
    const base = `${exchange.request.socket instanceof TLSSocket ? 'https' : 'http'}://${exchange.request.headers.host ?? upstream.host}`;
    const document = amended(amendment, parsed(whole), base, additions);
    if (document === undefined)
      exchange.logger.warn({ document: amendment.is }, 'a document of Neutron is not as expected');
    answerJson(exchange.response, answer, document === undefined ? whole : Buffer.from(JSON.stringify(document)));
  };

  const afterPortDeleted = async ({ requestId, logger }: Exchange, portId: string): Promise<void> => {
    const { afterPortDeleted: hook } = hooks;
    if (!hook) return;
    try {
      await within(timeouts.hookMs, (signal) => hook(portId, { requestId, signal }));
    } catch (cause) {
      logger.error({ cause, port_id: portId }, 'a port was deleted, but what must follow has failed');
    }
  };

  const serve = async (exchange: Exchange): Promise<void> => {
    const { response, method, portId, amendment, gone, stopped } = exchange;
    if (closed) throw closed;
    onDeparture(response, gone);
    // Neutron deletes a port whether or not its client waits for the answer, and then we must hear of it.
    const answer = await send(exchange, (portId === null ? gone : stopped).signal);
    const { status } = answer;
    if (amendment !== null && status === 200 && method !== 'HEAD') return amend(exchange, amendment, answer);
    // Others than Neutron answer for it, too: whether the port is gone is for whoever is called to find out.
    if (portId !== null && method === 'DELETE' && status >= 200 && status < 300) {
      await collected(answer, limits.documentBytes);
      await afterPortDeleted(exchange, portId);
    }
    const over = new AbortController();
    void watchReader(response, gone, over.signal, clock, options.reader ?? defaultReaderLimits);
    try {
      await passOn(answer, response, gone.signal);
    } finally {
      over.abort();
    }
  };

  return {
    async handle(request, response) {
      const requestId = `req-${newId()}`;
      const path = neutronPath(request.url ?? '/');
      const exchange: Exchange = {
        request,
        response,
        requestId,
        method: request.method ?? 'GET',
        startedAt: clock.monotonic(),
        ...{ path, portId: portOfPath(path), client: clients.of(request) },
        amendment: amendmentOf(path, additions),
        gone: new AbortController(),
        stopped: new AbortController(),
        logger: options.logger.child({ request_id: requestId }),
      };
      live.add(exchange);
      response.on('error', (cause) => exchange.logger.debug({ cause }, 'the connection to the client has failed'));
      try {
        await serve(exchange);
      } catch (error) {
        settle(exchange, error);
      } finally {
        live.delete(exchange);
      }
      const ms = Math.round((clock.monotonic() - exchange.startedAt) * 10) / 10;
      const { method } = exchange;
      exchange.logger.info(
        { method, path: pathOfTarget(request.url ?? '/'), status: response.statusCode, ms },
        'passed through',
      );
    },
    async ask(request, { method, target, body, signal: given }) {
      if (closed) throw closed;
      const signal = AbortSignal.any([given, stop.signal]);
      const release = await slots.take(clients.of(request), signal);
      try {
        const headers = headersOf(request, body.length > 0 ? body.length : null, true);
        const answer = await upstream.send({ method, target, body, headers, signal });
        const whole = await collected(answer, limits.documentBytes);
        return { status: answer.status, headers: answer.headers, body: whole };
      } finally {
        release();
      }
    },
    get load() {
      return { atNeutron: slots.taken, waiting: slots.waiting, heldBytes: room.held };
    },
    close() {
      closed = new GatewayError(503, 'ServiceUnavailable', 'The server stops: try again.');
      for (const { gone, stopped } of live) for (const each of [gone, stopped]) each.abort(closed);
      stop.abort(closed);
      upstream.close();
    },
  };
}

/** Tells the client what went wrong, if it can still be told. */
function settle({ request, response, requestId, logger }: Exchange, error: unknown): void {
  if (error instanceof ClientGoneError) {
    logger.info({}, 'the client has not waited for its answer');
    response.destroy();
    return;
  }
  const known = error instanceof GatewayError ? error : connectionLost({ cause: error });
  logger.warn({ cause: known }, 'a request to Neutron has failed');
  // Half an answer must not look like a whole one.
  if (response.headersSent || response.destroyed) response.destroy();
  else answerError(request, response, requestId, known);
}

function parsed(whole: Buffer): unknown {
  try {
    return JSON.parse(whole.toString('utf8'));
  } catch {
    return undefined; // The caller says so.
  }
}
