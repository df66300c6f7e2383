import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type RequestListener,
  type ServerOptions,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { KeyPair, Watched } from '@taas/service';
import { limitConnections } from '../front/connection-limit.js';
import type { ApiDeps } from './api-deps.js';

export type HttpServerDeps = Pick<ApiDeps, 'limits' | 'tls' | 'connections' | 'clients' | 'silenceMs'>;

/** The HTTP server, or HTTPS where there is a certificate, with its limits. */
export function openHttpServer(deps: HttpServerDeps, handler: RequestListener): HttpServer {
  const { limits, tls, connections, clients, silenceMs } = deps;
  const { headerBytes: maxHeaderSize, requestMs: requestTimeout } = limits;
  // Node looks only every 30 s by itself.
  const connectionsCheckingInterval = Math.min(1_000, requestTimeout / 2);
  const headersTimeout = Math.min(10_000, requestTimeout);
  const options = { maxHeaderSize, requestTimeout, headersTimeout, connectionsCheckingInterval };
  const server = tls
    ? secureServer(tls, { ...options, handshakeTimeout: headersTimeout }, handler)
    : createHttpServer(options, handler);
  limitConnections(server, connections, (address) => clients.isProxy(address));
  // Who waits for Neutron is silent too.
  server.setTimeout(Math.max(limits.requestMs, silenceMs) * 2);
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
