import { keys, portRoleCodec, tapFlowCodec, tapServiceCodec } from '@taas/model';
import type { Operation } from '@taas/store';
import { putAll } from '../../laps/fake-nodes.js';
import { idOf, nodeName } from '../population.js';
import type { Scenario } from '../scenario.js';
import { steadyChanges } from '../steady-changes.js';

const most = 20_000;
const project = 'big';

/** One tenant has as much as many others together: half of it in one tap service. */
export const bigTenant: Scenario = {
  name: 'big-tenant',
  what: `one tenant gets ${most} flows (a fifth of all there are, in a smaller cloud), half of them of one service; others go on`,
  async run({ cloud, figures, churn }) {
    const scenario = 'big-tenant';
    const { clock, population, watch } = cloud;
    const count = Math.min(most, Math.ceil(population.flows.length / 5));
    const operations = tapsOf(count, population.size.nodes);
    const expected = watch.published + operations.filter(({ key }) => /\/tap_(flows|services)\//.test(key)).length;
    const since = clock.now();
    const from = clock.monotonic();
    const stop = new AbortController();
    const others = steadyChanges(cloud, Math.max(1, churn / 5), stop.signal);
    await putAll(cloud.store, operations);
    const written = (clock.monotonic() - from) / 1000;
    while (watch.published < expected && clock.monotonic() - from < 600_000) await clock.sleep(50);
    const told = (clock.monotonic() - from) / 1000;
    stop.abort();
    const { told: theirs, failures } = await others;
    await cloud.settled();
    figures.add({ scenario, what: `${count} flows written to etcd`, unit: 's', samples: [written] });
    figures.add({ scenario, what: 'all of them told to their nodes', unit: 's', samples: [told] });
    figures.add({ scenario, what: 'create of others meanwhile: told', unit: 'ms', samples: theirs, wanted: 60 });
    figures.add({ scenario, what: 'changes of others that failed', unit: '', samples: [failures.length], most: 0 });
    const laps = cloud.servers.map((server) => server.lapsSince(since).longest);
    figures.add({ scenario, what: 'longest lap of each server', unit: 'ms', samples: laps, wanted: 20 });
    const page = await cloud.server(0).ask(project, 'GET', '/v2.0/taas/tap_flows?limit=1000');
    figures.add({ scenario, what: 'a page, limit=1000, of its own', unit: 'ms', samples: [page.ms], wanted: 50 });
    const services = (n: number) => cloud.server(0).ask(project, 'DELETE', `/v2.0/taas/tap_services/${idOf(0x7, n)}`);
    const deleted = clock.monotonic();
    for (let n = 0; n < 11; n += 1) await services(n);
    await cloud.settled();
    const gone = (clock.monotonic() - deleted) / 1000;
    figures.add({ scenario, what: 'its services deleted, until nodes are clear', unit: 's', samples: [gone] });
  },
};

function tapsOf(count: number, nodes: number): readonly Operation[] {
  const operations: Operation[] = [];
  const put = (key: string, value: string) => operations.push({ kind: 'put', key, value });
  const bind = (n: number, port: string) => put(keys.boundPort(nodeName(n % nodes), port), '{}');
  const common = { v: 1, project_id: project, name: '', description: '' } as const;
  for (let s = 0; s < 11; s += 1) {
    const [id, port] = [idOf(0x7, s), idOf(0x8, s)];
    bind(s, port);
    put(keys.portRole(port), portRoleCodec.format({ v: 1, role: 'collector', project_id: project }));
    put(keys.resource('tap_services', id), tapServiceCodec.format({ ...common, id, created_at: s, port_id: port }));
  }
  for (let n = 0; n < count; n += 1) {
    const [id, port] = [idOf(0x9, n), idOf(0xb, n)];
    bind(n, port);
    put(keys.portRole(port), portRoleCodec.format({ v: 1, role: 'source', project_id: project }));
    const service = n % 2 === 0 ? 0 : 1 + (n % 10);
    const taps = { tap_service_id: idOf(0x7, service), source_port: port };
    const flow = { ...common, ...taps, id, created_at: n, direction: 'BOTH', vlan_filter: null } as const;
    put(keys.resource('tap_flows', id), tapFlowCodec.format(flow));
  }
  return operations;
}
