import { createServer, type ServerResponse } from 'node:http';
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

/**
 * Serves GET /healthz and /readyz as JSON: 200 if ok, else 503; and GET /metrics as Prometheus reads it.
 * @throws the error of listen(2), for instance EADDRINUSE
 */
export async function startHealthServer(host: string, port: number, probes: HealthProbes): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/metrics' && probes.metrics) {
      void answerScrape(probes.metrics, response);
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

async function answerScrape(metrics: Pick<Metrics, 'contentType' | 'slices'>, response: ServerResponse): Promise<void> {
  try {
    for await (const slice of metrics.slices()) {
      if (response.destroyed) return;
      if (!response.headersSent) response.writeHead(200, { 'content-type': metrics.contentType });
      // A reader that does not read is waited for, as long as its connection is there.
      if (!response.write(slice))
        await new Promise<void>((resolve) => response.once('drain', resolve).once('close', resolve));
    }
    response.end();
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // A value that cannot be read must not end the program; Prometheus shows a scrape that failed.
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`${String(error)}\n`);
  }
}
