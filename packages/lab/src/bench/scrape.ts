import type { BenchContext } from './bench-context.js';
import { type Figure, percentile } from './bench-result.js';
import { processorSeconds } from './process-memory.js';

const scrapes = 20;

/**
 * GET /metrics of a program: how long a scrape takes, alone; and then again with /healthz by another connection without a pause: how
 * long another request waits because of it.
 */
export async function scrapeFigures({ clock }: BenchContext, health: number, pid?: number): Promise<Figure[]> {
  const url = `http://127.0.0.1:${health}`;
  const [took, waited] = [[] as number[], [] as number[]];
  let [bytes, done] = [0, false];
  const timed = async (path: string, into: number[]): Promise<number> => {
    const start = clock.monotonic();
    const { body } = await fetch(`${url}${path}`);
    let length = 0;
    // Part by part: who puts 11 MB together stands still for long, and would take that for a wait for the program.
    for await (const part of body ?? []) length += (part as Uint8Array).byteLength;
    into.push(clock.monotonic() - start);
    return length;
  };
  // The first makes the connections.
  for (const path of ['/metrics', '/healthz']) await timed(path, []);
  const used = processorSeconds(pid);
  for (let n = 0; n < scrapes; n += 1) bytes = await timed('/metrics', took);
  const processorMs = ((processorSeconds(pid) - used) * 1_000) / scrapes;
  const other = (async () => {
    while (!done) await timed('/healthz', waited);
  })();
  for (let n = 0; n < scrapes; n += 1) await timed('/metrics', []);
  done = true;
  await other;
  const atMost = (value: number) => ({ kind: 'at-most', value }) as const;
  return [
    { what: 'GET /metrics, p50', value: percentile(took, 0.5), unit: 'ms', target: atMost(200) },
    { what: "  the program's processor time of one", value: processorMs, unit: 'ms' },
    { what: '  megabytes of it', value: bytes / 1e6, unit: 'MB' },
    { what: '  another request meanwhile, p99', value: percentile(waited, 0.99), unit: 'ms', target: atMost(20) },
    { what: '  another request meanwhile, at most', value: Math.max(...waited), unit: 'ms' },
  ];
}
