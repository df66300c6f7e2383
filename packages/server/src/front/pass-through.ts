import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Logger } from '@taas/service';
import { answerFor } from '../api/error-answer.js';
import { tooLarge } from '../api/neutron-error.js';
import { requestTarget, splitUrl } from '../api/request-target.js';
import { endToEnd } from './headers.js';
import type { NeutronUpstream } from './neutron-upstream.js';

export interface PassThroughDeps {
  readonly neutron: NeutronUpstream;
  /** Takes a port's taps away once Neutron has deleted it. */
  readonly portDeleted: (portId: string) => Promise<void>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Largest body without a length that is kept to be given one: Neutron reads no other. */
  readonly bodyBytes: number;
}

/** Everything that is not TaaS goes to Neutron as it came, and its answers go back as they came. */
export class PassThrough {
  constructor(private readonly deps: PassThroughDeps) {}

  /** Whether a request is Neutron's alone. */
  static takes(request: IncomingMessage, ownExtension: (alias: string) => boolean): boolean {
    const target = requestTarget(splitUrl(request.url ?? '/').path);
    switch (target.is) {
      case 'other':
      case 'outside':
      case 'port':
        return true;
      case 'extensions':
        return target.alias !== null && !ownExtension(target.alias);
      default:
        return false;
    }
  }

  /** Answers the request. Never throws. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { logger: parent, clock, newId } = this.deps;
    const startedAt = clock.monotonic();
    const requestId = `req-${newId()}`;
    const logger = parent.child({ request_id: requestId });
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const { path } = splitUrl(request.url ?? '/');
    let neutronsId: unknown;
    try {
      const answer = await this.#forward(request, gone.signal);
      neutronsId = answer.headers['x-openstack-request-id'];
      await this.#beforeAnswer(request, answer, path, logger);
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      await stream(answer, response);
    } catch (error) {
      if (gone.signal.aborted && !response.writableFinished) logger.info({}, 'the client went away');
      else this.#fail(response, error, requestId, logger);
    }
    const ms = Math.round((clock.monotonic() - startedAt) * 10) / 10;
    const about = { method: request.method, path, status: response.statusCode, ms };
    logger.info({ ...about, passed_on: true, neutron_request_id: neutronsId }, 'request');
  }

  async #forward(request: IncomingMessage, signal: AbortSignal): Promise<IncomingMessage> {
    const { expect: _, ...headers } = endToEnd(request.headers);
    const encrypted = 'encrypted' in request.socket;
    if (encrypted && headers['x-forwarded-proto'] === undefined) headers['x-forwarded-proto'] = 'https';
    const what = { method: request.method ?? 'GET', url: request.url ?? '/', headers };
    if (request.headers['transfer-encoding'] !== undefined) {
      const body = await this.#readWhole(request);
      headers['content-length'] = String(body.length);
      return this.deps.neutron.send(what, body, signal);
    }
    if (Number(request.headers['content-length'] ?? 0) === 0) return this.deps.neutron.send(what, null, signal);
    return this.deps.neutron.send(what, { pipe: (to) => void request.pipe(to) }, signal);
  }

  async #readWhole(request: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > this.deps.bodyBytes) throw tooLarge('A body without a Content-Length may not be so large.');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** The port's taps are gone before its deletion is known: the very next GET of a tap is a 404. */
  async #beforeAnswer(request: IncomingMessage, answer: IncomingMessage, path: string, logger: Logger): Promise<void> {
    if (request.method !== 'DELETE' || answer.statusCode !== 204) return;
    const target = requestTarget(path);
    if (target.is !== 'port') return;
    try {
      await this.deps.portDeleted(target.id);
    } catch (cause) {
      // The port is gone and that is what was asked; whoever follows ports will find its taps.
      logger.error(
        { cause, port: target.id },
        'could not take away the taps of a deleted port; it will be tried again',
      );
    }
  }

  #fail(response: ServerResponse, error: unknown, requestId: string, logger: Logger): void {
    logger.error({ cause: error }, 'a request could not be passed on to Neutron');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, body, retryAfter } = answerFor(error, '');
    const text = Buffer.from(JSON.stringify(body));
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'content-length': String(text.length),
      'x-openstack-request-id': requestId,
      // Of the request's body nobody knows how much was read.
      connection: 'close',
    };
    if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
    response.writeHead(status, headers);
    response.end(text);
  }
}

function stream(from: IncomingMessage, to: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    from.on('error', reject);
    from.on('aborted', () => reject(new Error("Neutron's answer broke off")));
    to.on('error', reject);
    to.on('close', () => (to.writableFinished ? resolve() : reject(new Error('the connection was closed'))));
    from.pipe(to);
  });
}
