import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withoutBounds } from '@taas/lab';
import { systemClock } from '@taas/service';
import { Stack } from '../attack/stack.js';
import { type BigCloud, bigCloud, nodes, write } from './big-cloud.js';
import { FakeNodes } from './fake-nodes.js';
import { kinds } from './kinds.js';
import { type LapSummary, readLaps, summarize } from './laps.js';

export const lapsHelp = `npm run bench:laps -- [--flows N] [--others N] [--only TEXT] [--out FILE]

How long each kind of request keeps the server's event loop: a taas-server process with a real etcd, a Keystone and a Neutron of
the tests, and so many flows, a fifth of them one tenant's. Of each kind the longest lap of the event loop is shown,
without the time for which it waited for a processor that another program had, until the request was answered and until the leading server had done all that followed from it, also without the pauses of garbage collection (GC). Nothing here is a test: the exit code is 0 also where
a lap takes more than 20 ms.

  --flows N    flows in all (default 100000)
  --others N   projects besides the large tenant, each of 5,000 flows (default 16; with fewer it is ready sooner)
  --only TEXT  kinds whose names have this in them
  --out FILE   where the JSON goes (default bench-out/laps.json)
  --help       this text`;

/** No request may keep the event loop for longer, in ms. */
const limit = 20;

interface Row {
  readonly name: string;
  readonly times: number;
  readonly answered: LapSummary;
  readonly settled: LapSummary;
  /** The slowest answer, in ms. */
  readonly slowest: number;
}

/** The measurement as a program; prints a line a kind. @returns the exit code */
export async function lapsMain(args: readonly string[], print: (line: string) => void): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ flows: { type: 'string', default: '100000' }, others: { type: 'string', default: '16' } },
      ...{ only: { type: 'string', default: '' } },
      ...{ out: { type: 'string', default: 'bench-out/laps.json' }, help: { type: 'boolean', default: false } },
    },
  });
  if (values.help) {
    print(lapsHelp);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'taas-laps-'));
  const load = [loadavg()[0] ?? 0];
  try {
    const cloud = bigCloud(Number(values.flows), Number(values.others));
    const rows = await measure(cloud, join(directory, 'laps'), values.only, print);
    load.push(loadavg()[0] ?? 0);
    const machine = { cpu: cpus()[0]?.model.trim(), cores: cpus().length, node: process.version };
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, `${JSON.stringify({ machine, load, flows: cloud.flows, limit, rows }, null, 2)}\n`);
    print(
      `${machine.cores} cores, ${machine.cpu}, Node.js ${machine.node}; load ${load.map((l) => l.toFixed(1)).join(' to ')}`,
    );
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(cloud: BigCloud, file: string, only: string, print: (line: string) => void): Promise<Row[]> {
  const meter = fileURLToPath(new URL('./lap-meter.mjs', import.meta.url));
  writeFileSync(file, '');
  const stack = await Stack.start({
    ports: cloud.ports,
    neutron: { instead: ownQuotas },
    config: {
      ...withoutBounds,
      ...unbounded,
      limits: { request_ms: 300_000 },
      segments: [{ type: 'vxlan', first: 1, last: 0xffffff }],
    },
    env: { NODE_OPTIONS: `--import ${meter}`, LAP_METER_FILE: file },
    etcd: { quotaBackendBytes: 4 * 1024 ** 3 },
  });
  const stop = new AbortController();
  const agents = new FakeNodes(stack.store);
  const answering = agents.run(stop.signal);
  try {
    await agents.announce(nodes);
    const began = systemClock.monotonic();
    await write(stack.store, cloud);
    await settle(stack, agents);
    print(
      `${cloud.flows} flows are there and compiled after ${Math.round((systemClock.monotonic() - began) / 1000)} s`,
    );
    const rows: Row[] = [];
    print(line(columns));
    for (const kind of kinds(stack, cloud).filter(({ name }) => name.includes(only))) {
      const from = systemClock.now();
      let slowest = 0;
      try {
        for (let n = 0; n < kind.times; n += 1) {
          const at = systemClock.monotonic();
          await kind.send(n);
          slowest = Math.max(slowest, systemClock.monotonic() - at);
        }
      } catch (error) {
        print(`${kind.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
      const answeredAt = systemClock.now();
      await settle(stack, agents);
      const laps = readLaps(file);
      const row = {
        ...{ name: kind.name, times: kind.times, slowest },
        answered: summarize(laps, from, answeredAt, limit),
        settled: summarize(laps, from, systemClock.now(), limit),
      };
      rows.push(row);
      print(line(cells(row)));
    }
    return rows;
  } finally {
    stop.abort();
    await answering.catch(() => undefined);
    await stack.stop();
  }
}

const columns = [
  'kind',
  'times',
  'to the answer',
  'to the end',
  'without GC',
  'above 20',
  'without GC',
  'slowest answer',
];

const cells = ({ name, times, answered, settled, slowest }: Row): readonly string[] => [
  ...[name, String(times), answered.longest.toFixed(1), settled.longest.toFixed(1), settled.longestOwn.toFixed(1)],
  ...[String(settled.above), String(settled.aboveOwn), String(Math.round(slowest))],
];

const line = (row: readonly string[]): string =>
  row.map((cell, at) => (at === 0 ? cell.padEnd(56) : cell.padStart(columns[at]?.length ?? 0))).join('  ');

/** What Neutron says of the quotas of its own resources. */
function ownQuotas({ url = '' }: IncomingMessage, response: ServerResponse): boolean {
  if (!url.startsWith('/v2.0/quotas/')) return false;
  const body = { quota: url.includes('/details') ? { port: { limit: 500, used: 1, reserved: 0 } } : { port: 500 } };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  return true;
}

/** A tenant's bounds are tested where they are the question. */
const unbounded = { write_budget: { writes_per_minute: 0, bytes_per_minute: 0 }, project_share: 1 };

/** Waits until the leading server has nothing left to do, and the nodes have answered. */
async function settle(stack: Stack, agents: FakeNodes): Promise<void> {
  let quiet = 0;
  let before = '';
  await stack.until(
    'the cloud has settled',
    async () => {
      const answer = await fetch(`${stack.server(0).health}/readyz`);
      const { compiler, revision } = (await answer.json()) as { compiler: { backlog: number }; revision: number };
      const now = `${revision}/${agents.answered}`;
      quiet = compiler.backlog === 0 && now === before ? quiet + 1 : 0;
      before = now;
      return quiet > 15;
    },
    1_200_000,
  );
}
