import { afterEach, describe, expect, it } from 'vitest';
import { type HealthServer, startHealthServer } from './health-server.js';
import { type MetricDefinition, Metrics, type Sample } from './metrics.js';

const counter: MetricDefinition = { name: 'x_total', help: 'Things.', type: 'counter', labels: ['why'] };
const gauge: MetricDefinition = { name: 'y', help: 'Of now.', type: 'gauge', labels: [] };

const linesOf = async (metrics: Metrics) =>
  (await metrics.scrape()).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('metrics', () => {
  it('are read anew at each scrape, and what is gone is not shown', async () => {
    const metrics = new Metrics();
    let now: Sample[] = [{ labels: { why: 'a' }, value: 3 }];
    metrics.expose(counter, () => now);
    expect(await linesOf(metrics)).toEqual(['x_total{why="a"} 3']);
    expect(await linesOf(metrics)).toEqual(['x_total{why="a"} 3']);
    now = [{ labels: { why: 'b' }, value: 1 }];
    expect(await linesOf(metrics)).toEqual(['x_total{why="b"} 1']);
  });

  it('of which nothing is known are not shown as 0', async () => {
    const metrics = new Metrics();
    metrics.expose(gauge, () => []);
    metrics.expose({ ...counter, labels: [] }, () => []);
    expect(await linesOf(metrics)).toEqual([]);
  });

  it('of two programs in one process are apart', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.expose(gauge, () => [{ value: 1 }]);
    other.expose(gauge, () => [{ value: 2 }]);
    expect(await linesOf(one)).toEqual(['y 1']);
    expect(await linesOf(other)).toEqual(['y 2']);
  });

  it('say what they are', async () => {
    const metrics = new Metrics();
    metrics.expose(gauge, () => [{ value: 1 }]);
    expect((await metrics.scrape()).text).toBe('# HELP y Of now.\n# TYPE y gauge\ny 1\n');
  });
});

describe('/metrics of a health server', () => {
  let server: HealthServer | undefined;
  afterEach(async () => {
    await server?.close();
  });
  const start = async (metrics?: Metrics) => {
    const ok = () => ({ ok: true, details: {} });
    server = await startHealthServer('127.0.0.1', 0, { healthz: ok, readyz: ok, ...(metrics ? { metrics } : {}) });
    return `http://127.0.0.1:${server.port}`;
  };

  it('fails alone when a value cannot be read', async () => {
    const metrics = new Metrics();
    metrics.expose(gauge, () => {
      throw new Error('broken');
    });
    const at = await start(metrics);
    expect((await fetch(`${at}/metrics`)).status).toBe(500);
    expect((await fetch(`${at}/healthz`)).status).toBe(200);
  });

  it('is not there for a program that has none', async () => {
    expect((await fetch(`${await start()}/metrics`)).status).toBe(404);
  });
});
