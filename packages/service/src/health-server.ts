import { createServer, type ServerResponse } from 'node:http';
import { type Clock, systemClock } from './clock.js';
import type { Metrics } from './metrics.js';

/** What a program says of itself; `details` is for people and for monitoring, and holds no secret. */
export interface Health {
  readonly ok: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface HealthProbes {
  /** The process is not stuck: restarting it would not help. */
  healthz(): Health;
  /** The process can do its job now. */
  readyz(): Health;
  /** What GET /metrics shows; nothing is there without. */
  readonly metrics?: Pick<Metrics, 'contentType' | 'slices'>;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Scrapes at a time: Prometheus and one more. Each may hold some slices in memory. */
const mostScrapes = 2;
/** A reader that has not read for so long has its connection ended. */
const stalledMs = 30_000;

/**
 * Serves GET /healthz and /readyz as JSON: 200 if ok, else 503; and GET /metrics as Prometheus reads it.
 * @throws the error of listen(2), for instance EADDRINUSE
 */
export async function startHealthServer(
  host: string,
  port: number,
  probes: HealthProbes,
  clock: Clock = systemClock,
): Promise<HealthServer> {
  let scrapes = 0;
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/metrics' && probes.metrics) {
      if (scrapes >= mostScrapes) {
        const head = { 'content-type': 'text/plain', 'retry-after': String(stalledMs / 1000) };
        response.writeHead(503, head).end('others are reading /metrics\n');
        return;
      }
      scrapes += 1;
      void answerScrape(probes.metrics, response, clock).finally(() => {
        scrapes -= 1;
      });
      return;
    }
    const probe = path === '/healthz' ? probes.healthz : path === '/readyz' ? probes.readyz : undefined;
    const health = probe?.call(probes);
    response.writeHead(health ? (health.ok ? 200 : 503) : 404, { 'content-type': 'application/json' });
    response.end(
      `${JSON.stringify(health ? { ok: health.ok, ...health.details } : { error: 'try /healthz, /readyz or /metrics' })}\n`,
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function answerScrape(
  metrics: Pick<Metrics, 'contentType' | 'slices'>,
  response: ServerResponse,
  clock: Clock,
): Promise<void> {
  try {
    for await (const slice of metrics.slices()) {
      if (response.destroyed) return;
      if (!response.headersSent) response.writeHead(200, { 'content-type': metrics.contentType });
      // As bytes: a text is measured, and written, once more.
      if (!response.write(Buffer.from(slice))) await hasRead(response, 'drain', clock);
    }
    response.end();
    // What is left in memory counts as a scrape, too.
    if (!response.writableFinished) await hasRead(response, 'finish', clock);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // A value that cannot be read must not end the program; Prometheus shows a scrape that failed.
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`${String(error)}\n`);
  }
}

/** Waits until the other side has read, or its connection is gone; one that does not read for long is ended. */
async function hasRead(response: ServerResponse, event: 'drain' | 'finish', clock: Clock): Promise<void> {
  if (response.destroyed) return;
  const over = new AbortController();
  // Without a reason Node makes an error for each wait: 6 ms of a scrape of 11 MB.
  const end = (): void => over.abort('over');
  response.once(event, end).once('close', end);
  try {
    await clock.sleep(stalledMs, over.signal);
    response.destroy();
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    response.off(event, end).off('close', end);
  }
}
