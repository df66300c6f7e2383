import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { silentLogger, systemClock } from '@taas/service';
import { afterEach, expect, it } from 'vitest';
import { Cloud } from './cloud.js';
import type { CloudOptions } from './cloud-options.js';

const port = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const base: CloudOptions = {
  ...{ nodes: ['node-a'], switch: 'simulated', store: 'embedded', transport: 'vlan' },
  ...{ clock: systemClock, logger: silentLogger },
};
let cloud: Cloud | undefined;
afterEach(async () => {
  await cloud?.stop();
  cloud = undefined;
});

it.each(['records', 'neutron'] as const)(
  'a tap is ACTIVE where ports are bound by %s, and not once one is unbound',
  async (bindings) => {
    cloud = await Cloud.start({ ...base, bindings });
    for (const n of [1, 2]) await cloud.addPort('node-a', { id: port(n), bridgeDomain: 100 + n }, 'acme');
    const client = cloud.client('acme');
    const service = await client.createTapService('s', port(1));
    const flow = { name: 'f', tapServiceId: service.id, sourcePort: port(2), direction: 'OUT' } as const;
    const { id } = await client.createTapFlow(flow);
    await client.until('tap_flows', id, 'ACTIVE');
    await cloud.bindings.unbind('node-a', port(2));
    await client.until('tap_flows', id, 'PENDING_CREATE');
  },
);

it.each([
  ['programs', 'records', /embedded store/],
  ['in-process', 'etcd-v2', /v2 store/],
] as const)(
  '%s, with ports bound by %s and the embedded store: refused before anything is started',
  async (process, bindings, why) => {
    await expect(Cloud.start({ ...base, process, bindings })).rejects.toThrow(why);
  },
);

it('a cloud that cannot be started leaves nothing behind', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port: busy } = taken.address() as { port: number };
  let socket = '';
  const seams = {
    switchSocket: async (_node: string, apiSocket: string) => {
      socket = apiSocket;
      return apiSocket;
    },
  };
  const agent = { health: { host: '127.0.0.1', port: busy } };
  try {
    await expect(Cloud.start({ ...base, seams, agent })).rejects.toThrow(/is taken|EADDRINUSE/);
    expect(socket).not.toBe('');
    expect(existsSync(socket)).toBe(false);
    expect(existsSync(socket.replace('/node-a/api.sock', ''))).toBe(false);
  } finally {
    taken.close();
  }
});
