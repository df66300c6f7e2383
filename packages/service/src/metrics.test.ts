import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from './clock.js';
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
  const readers: Socket[] = [];
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.destroy();
    await server?.close();
  });
  const start = async (metrics?: Pick<Metrics, 'contentType' | 'slices'>, clock?: Clock) => {
    const ok = () => ({ ok: true, details: {} });
    const probes = { healthz: ok, readyz: ok, ...(metrics ? { metrics } : {}) };
    server = await startHealthServer('127.0.0.1', 0, probes, clock);
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

  /** More than sockets hold on their way: who does not read it stalls. */
  const endless = {
    contentType: 'text/plain',
    async *slices() {
      for (let n = 0; n < 1_000; n += 1) yield 'x'.repeat(65_536);
    },
  };
  /** Time stands still until the test ends a wait; each wait that is in progress is here. */
  const stoppedClock = () => {
    const waits = new Set<{ readonly ms: number; readonly pass: () => void }>();
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          const wait = { ms, pass: resolve };
          waits.add(wait);
          signal?.addEventListener('abort', () => {
            waits.delete(wait);
            reject(signal.reason);
          });
        }),
    };
    return { clock, waits };
  };
  const stall = (at: string) => {
    const reader = connect(Number(new URL(at).port), '127.0.0.1');
    readers.push(reader);
    reader.on('error', () => undefined);
    reader.pause();
    reader.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    return reader;
  };

  it('has two readers at a time, and ends one that does not read for 30 s', async () => {
    const { clock, waits } = stoppedClock();
    const at = await start(endless, clock);
    const [first] = [stall(at), stall(at)];
    await expect.poll(() => waits.size).toBe(2);
    const refused = await fetch(`${at}/metrics`);
    expect({ status: refused.status, later: refused.headers.get('retry-after') }).toEqual({ status: 503, later: '30' });
    expect(await refused.text()).toBe('others are reading /metrics\n');
    expect((await fetch(`${at}/healthz`)).status).toBe(200);
    expect([...waits].map(({ ms }) => ms)).toEqual([30_000, 30_000]);

    // One that goes makes room, and so does one that has stalled for too long.
    first?.destroy();
    await expect.poll(() => waits.size).toBe(1);
    stall(at);
    await expect.poll(() => waits.size).toBe(2);
    for (const { pass } of [...waits]) pass();
    const answer = await fetch(`${at}/metrics`);
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(65_536_000);
  });

  it('leaves no listener behind for each time that a reader was waited for', async () => {
    const warnings: string[] = [];
    const warn = ({ name }: Error) => void warnings.push(name);
    process.on('warning', warn);
    try {
      expect((await (await fetch(`${await start(endless)}/metrics`)).arrayBuffer()).byteLength).toBe(65_536_000);
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', warn);
    }
    expect(warnings).not.toContain('MaxListenersExceededWarning');
  });
});
