import { parseKey, prefixes, root } from '@taas/model';
import { expect } from 'vitest';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';
import { ViewState } from '../view/view-state.js';
import { compileService } from './compile-service.js';
import type { SegmentPolicy } from './segment-options.js';
import { sliceOf } from './service-slice.js';

export const services = '/v2.0/taas/tap_services';
export const flows = '/v2.0/taas/tap_flows';
export const nodes = ['node1', 'node2', 'node3'];

export async function withCloud(run: (cloud: TestCloud, server: Replica) => Promise<void>, policy?: SegmentPolicy) {
  const cloud = new TestCloud(policy);
  try {
    await run(cloud, await cloud.replica());
  } finally {
    await cloud.stop();
  }
}

export async function create(server: Replica, port: number, sources: readonly number[], project = acme) {
  const ask = server.as(project);
  const made = await ask('POST', services, { tap_service: { port_id: portId(port) } });
  expect(made.status).toBe(201);
  const service: string = made.body.tap_service.id;
  const ids: string[] = [];
  for (const source of sources) {
    const body = { tap_service_id: service, source_port: portId(source), direction: 'BOTH' };
    const flow = await ask('POST', flows, { tap_flow: body });
    expect(flow.status).toBe(201);
    ids.push(flow.body.tap_flow.id);
  }
  return { service, flows: ids };
}

export const status = async (server: Replica, path: string, project = acme) => {
  const { body } = await server.as(project)('GET', path);
  const shown = body.tap_service ?? body.tap_flow;
  return shown ? { status: shown.status, reason: shown.status_reason } : body.NeutronError?.type;
};

export const segments = (cloud: TestCloud) => cloud.read(prefixes.segments);

/** What every node record should say, compiled from etcd's present content by a view of its own. */
export async function fromScratch(cloud: TestCloud, policy: SegmentPolicy): Promise<Map<string, string>> {
  const { revision, entries } = await cloud.store.list(`${root}/`);
  const view = new ViewState();
  // Without what nodes are told: the compiler must not depend on its own past.
  const api = entries.filter((entry) => parseKey(entry.key).is !== 'node-resource');
  view.apply({ kind: 'snapshot', revision, entries: api });
  const wanted = new Map<string, string>();
  for (const id of view.services.keys()) {
    for (const record of compileService(sliceOf(view, policy, id)).nodeRecords.values())
      wanted.set(record.key, record.value);
  }
  return wanted;
}
