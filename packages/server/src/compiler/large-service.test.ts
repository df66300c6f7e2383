import { keys, nodeTapFlowCodec } from '@taas/model';
import { expect, it } from 'vitest';
import { Slices } from '../slices/slices.js';
import { acme, portId, TestCloud } from '../test-cloud.suite.js';

// A service with more flows than are planned at once, and somebody who touches it at each pause.

const many = 120;

it('a large service that is touched at every pause reaches its nodes all the same', async () => {
  const cloud = new TestCloud();
  try {
    const server = await cloud.replica();
    await cloud.agent('node1');
    for (let n = 0; n <= many; n += 1) await cloud.bind('node1', portId(n));
    const ask = server.as(acme);
    const made = await ask('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(0) } });
    const service: string = made.body.tap_service.id;
    for (let n = 1; n <= many; n += 1) {
      const flow = { tap_service_id: service, source_port: portId(n), direction: 'BOTH' };
      expect((await ask('POST', '/v2.0/taas/tap_flows', { tap_flow: flow })).status).toBe(201);
    }
    let touches = 0;
    let isCalm = false;
    const touch = async (): Promise<void> => {
      touches += 1;
      await cloud.unbind('node1', portId(many));
      await cloud.bind('node1', portId(many));
      await cloud.caughtUp();
    };
    let now = 0;
    const slices = new Slices({
      // Every slice is over after one step.
      clock: { monotonic: () => (now += 1_000) },
      nextLap: (run) => void (isCalm ? Promise.resolve() : touch()).then(run),
    });
    await cloud.lead(server, server.store, slices);
    const published = async () =>
      [...(await cloud.nodeRecords()).keys()].filter((key) => key.includes('/tap_flows/')).length;
    await expect.poll(published, { timeout: 15_000 }).toBeGreaterThanOrEqual(many - 1);
    expect(touches).toBeGreaterThan(many);
    isCalm = true;
    await cloud.settle();
    expect(await published()).toBe(many);
  } finally {
    await cloud.stop();
  }
}, 30_000);

it('a service whose flows are gone from the API, and not from the nodes, does not keep the event loop', async () => {
  const cloud = new TestCloud();
  try {
    const service = portId(0);
    await cloud.agent('node1');
    for (let n = 1; n <= many; n += 1) {
      const flow = { v: 1, id: portId(n), project_id: acme, tap_service_id: service, source_port: portId(n) } as const;
      const how = { direction: 'BOTH', vlan_filter: null, target: { type: 'local' } } as const;
      await cloud.put(
        keys.nodeResource('node1', 'tap_flows', portId(n)),
        nodeTapFlowCodec.format({ ...flow, ...how, filter: [] }),
      );
    }
    const server = await cloud.replica();
    let now = 0;
    let laps = 0;
    const slices = new Slices({
      // Every slice is over after one step.
      clock: { monotonic: () => (now += 1_000) },
      nextLap: (run) => {
        laps += 1;
        setImmediate(run);
      },
    });
    await cloud.lead(server, server.store, slices);
    await cloud.converge(['node1']);
    expect((await cloud.nodeRecords()).size).toBe(0);
    expect(laps).toBeGreaterThan(many);
  } finally {
    await cloud.stop();
  }
}, 30_000);
