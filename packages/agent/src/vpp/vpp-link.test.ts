import { silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { VppDisconnectedError } from 'vpp-api';
import { releases } from 'vpp-sim';
import { Bench } from '../testing/bench.js';
import { keepVppLink } from './vpp-link.js';
import type { Vpp } from './vpp-messages.js';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(() => bench.close());

it('a stop leaves VPP only when it has answered what it was asked: an old one would die of it', async () => {
  const node = await bench.addNode('n', {}, releases['20.09']);
  const stop = new AbortController();
  let connected: (vpp: Vpp) => void = () => undefined;
  const connection = new Promise<Vpp>((resolve) => {
    connected = resolve;
  });
  const link = keepVppLink(
    {
      ...{ connect: (signal) => node.connectVpp(signal), clock: systemClock, logger: silentLogger },
      ...{ random: () => 0.5, backoff: { firstMs: 10, maxMs: 10 } },
    },
    { connected, disconnected: () => undefined },
    stop.signal,
  );
  const vpp = await connection;
  node.vpp.faults.delay('sw_interface_dump', 100, { times: 1 });
  const all = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' };
  const dump = vpp.dump('sw_interface_dump', all).then(
    (details) => details.length,
    (error: unknown) => (error instanceof VppDisconnectedError ? 'cut off' : 'failed'),
  );
  stop.abort();
  expect(await dump).toBe(2);
  await link;
  await vpp.closed;
});
