import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@taas/lab';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type OpenStackLab, startOpenStackLab } from './lab/openstack-lab.js';
import { mustRest, rest } from './lab/rest.js';
import { cleanEnvironment } from './lab/run-tool.js';
import { logsSince, markLogs } from './lab/service-logs.js';
import { runTempest } from './lab/tempest.js';
import { startTaasFront, type TaasFront } from './taas-front.js';
import { TapNodes } from './tap-nodes.js';

/** As the driver writes it (`plan.py`). */
const reason = "kept by Neutron's TaaS plugin: change it there";
const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const waiting = { timeout: 120_000, interval: 1_000 };

it.each(['neutron-driver', 'horizon'])('the unit tests of deploy/%s pass by Debian’s Python', async (folder) => {
  const command = ['-W', 'ignore', '-m', 'unittest', 'discover', '-t', '.', '-s', 'tests'];
  // Nothing is written beside the sources.
  const env = { ...cleanEnvironment(), PYTHONDONTWRITEBYTECODE: '1' };
  const { stderr } = await promisify(execFile)('/usr/bin/python3', command, { cwd: join(deploy, folder), env });
  expect(stderr).toMatch(/^Ran \d+ tests in .*\n\nOK\n$/m);
});

/** Users speak with Neutron alone; its plugin has our driver, and our server is behind it. */
describe('a Neutron that keeps taps itself', () => {
  let lab: OpenStackLab;
  let front: TaasFront;
  let nodes: TapNodes;
  let alice: string;
  let admin: string;

  const port = (name: string): string => lab.networks.ports[name] ?? `no such port: ${name}`;
  const neutron = (path: string) => `${lab.neutronUrl}/v2.0/${path}`;
  const ours = (path: string) => `${front.url}/v2.0/${path}`;

  const make = async (what: 'tap_service' | 'tap_flow', body: object): Promise<string> =>
    (await mustRest('POST', neutron(`taas/${what}s`), alice, { [what]: body })).body[what].id;
  const service = (portName: string, name = '') => make('tap_service', { name, port_id: port(portName) });
  const flow = (to: string, portName: string, direction = 'BOTH') =>
    make('tap_flow', { tap_service_id: to, source_port: port(portName), direction });
  const remove = (what: string, id: string) => mustRest('DELETE', neutron(`taas/${what}/${id}`), alice);
  /** What there is, with its status: at Neutron, and at our server. */
  const statuses = async (at: (path: string) => string) => {
    const all = await Promise.all(
      ['tap_services', 'tap_flows'].map(async (kind) => (await mustRest('GET', at(`taas/${kind}`), admin)).body[kind]),
    );
    return Object.fromEntries(all.flat().map(({ id, status }) => [id, status]));
  };
  /** Both have just that. */
  const becomes = (expected: Readonly<Record<string, string>>) =>
    vi.waitFor(
      async () => expect([await statuses(neutron), await statuses(ours)]).toEqual([expected, expected]),
      waiting,
    );
  const bind = async (name: string) => {
    const { body } = await mustRest('PUT', neutron(`ports/${port(name)}`), admin, {
      port: { 'binding:host_id': 'node-a' },
    });
    await nodes.plug(body.port, 20);
  };

  beforeAll(async () => {
    const listen = await freePort();
    const taasServerUrl = `http://127.0.0.1:${listen}`;
    // Two workers of Neutron's API, as in a real cloud there are many.
    lab = await startOpenStackLab({ taasServerUrl, apiWorkers: 2, say: (line) => console.log(line) });
    front = await startTaasFront(lab, { port: listen, tokenCacheMs: 10_000, pollMs: 500 });
    nodes = await TapNodes.start(front.etcdUrl, front.directory, ['node-a']);
    [alice, admin] = [await lab.token('alice'), await lab.token('admin')];
    for (const n of [1, 2, 3, 4]) await bind(`acme-port${n}`);
  });
  afterAll(async () => {
    await nodes?.stop();
    await front?.stop();
    await lab?.stop();
  });
  beforeEach(({ onTestFailed }) => {
    expect.hasAssertions();
    const mark = markLogs(lab.directory);
    onTestFailed(() => console.log(logsSince(lab.directory, mark)));
  });

  it('has its taps made by our server, with its ids, and takes their status back', async () => {
    const to = await service('acme-port1', 'watch');
    const copied = await flow(to, 'acme-port2', 'IN');
    await becomes({ [to]: 'ACTIVE', [copied]: 'ACTIVE' });
    expect((await mustRest('GET', ours(`taas/tap_flows/${copied}`), alice)).body.tap_flow).toMatchObject({
      ...{ id: copied, project_id: lab.identity.projects['acme'], tap_service_id: to, direction: 'IN', reason },
    });
    // Neutron marks what is ACTIVE, and forgets it when our nodes have confirmed.
    await remove('tap_flows', copied);
    await becomes({ [to]: 'ACTIVE' });
    await remove('tap_services', to);
    await becomes({});
  });

  it('loses nothing while our server is down, and is in order soon after', async () => {
    const kept = await service('acme-port1');
    const going = await flow(kept, 'acme-port2');
    const changed = await flow(kept, 'acme-port3');
    await becomes({ [kept]: 'ACTIVE', [going]: 'ACTIVE', [changed]: 'ACTIVE' });
    await front.server.stop();
    let made: string;
    try {
      await remove('tap_flows', going);
      made = await flow(kept, 'acme-port4');
      await mustRest('PUT', neutron(`taas/tap_flows/${changed}`), alice, { tap_flow: { name: 'renamed' } });
      expect(await statuses(neutron)).toEqual({
        ...{ [kept]: 'ACTIVE', [going]: 'PENDING_DELETE', [changed]: 'ACTIVE', [made]: 'DOWN' },
      });
      // Neutron may be started anew meanwhile, too.
      await lab.neutron.stop();
      await lab.neutron.start();
    } finally {
      await front.server.start();
    }
    await becomes({ [kept]: 'ACTIVE', [changed]: 'ACTIVE', [made]: 'ACTIVE' });
    const { body } = await mustRest('GET', ours(`taas/tap_flows/${changed}`), alice);
    expect(body.tap_flow.name).toBe('renamed');
    await remove('tap_services', kept);
    await becomes({});
  });

  it('mends what was changed behind its back, either way, and leaves alone what is not its own', async () => {
    const to = await service('acme-port1');
    const deleted = await flow(to, 'acme-port2');
    await becomes({ [to]: 'ACTIVE', [deleted]: 'ACTIVE' });
    await mustRest('DELETE', ours(`taas/tap_flows/${deleted}`), alice);
    const post = async (body: object) =>
      (await mustRest('POST', ours('taas/tap_flows'), alice, { tap_flow: body })).body.tap_flow.id;
    const wanted = { tap_service_id: to, direction: 'OUT' };
    const stray = await post({ ...wanted, source_port: port('acme-port3'), reason });
    const own = await post({ ...wanted, source_port: port('acme-port4'), reason: 'mine' });
    await vi.waitFor(async () => {
      expect(await statuses(neutron)).toEqual({ [to]: 'ACTIVE', [deleted]: 'ACTIVE' });
      expect(await statuses(ours)).toEqual({ [to]: 'ACTIVE', [deleted]: 'ACTIVE', [own]: 'ACTIVE' });
      expect((await rest('GET', ours(`taas/tap_flows/${stray}`), alice)).status).toBe(404);
    }, waiting);
    await mustRest('DELETE', ours(`taas/tap_flows/${own}`), alice);
    await remove('tap_services', to);
    await becomes({});
  });

  it('shows ERROR of what our server refuses, until it does not', async () => {
    const to = await service('acme-port1');
    const copied = await flow(to, 'acme-port2');
    await becomes({ [to]: 'ACTIVE', [copied]: 'ACTIVE' });
    // A port that is copied receives no copies: the plugin does not know that.
    const refused = await service('acme-port2');
    await vi.waitFor(async () => expect((await statuses(neutron))[refused]).toBe('ERROR'), waiting);
    expect((await rest('GET', ours(`taas/tap_services/${refused}`), alice)).status).toBe(404);
    await remove('tap_flows', copied);
    await becomes({ [to]: 'ACTIVE', [refused]: 'ACTIVE' });
    for (const id of [to, refused]) await remove('tap_services', id);
    await becomes({});
  });

  it('does not let a project copy another project’s port', async () => {
    const to = await service('acme-port1');
    const stranger = { tap_service_id: to, source_port: port('umbrella-port1'), direction: 'IN' };
    expect((await rest('POST', neutron('taas/tap_flows'), alice, { tap_flow: stranger })).status).toBe(404);
    // The plugin takes it from an administrator; our server does not.
    const tap_flow = { ...stranger, tenant_id: lab.identity.projects['acme'] };
    const made = await mustRest('POST', neutron('taas/tap_flows'), admin, { tap_flow });
    await vi.waitFor(async () => expect((await statuses(neutron))[made.body.tap_flow.id]).toBe('ERROR'), waiting);
    expect(Object.keys(await statuses(ours))).toEqual([to]);
    await remove('tap_services', to);
    await becomes({});
  });

  it('passes upstream’s own tests of the API, by Tempest', async () => {
    const said = await runTempest(lab, 'neutron_tempest_plugin.tap_as_a_service.api.test_taas');
    // None may be skipped: there would be nothing to see.
    expect(said).toMatch(/^Ran 6 tests in .*\n\nOK\n$/m);
    await becomes({});
  });

  it('has its taps go with their ports', async () => {
    const to = await service('acme-port1');
    const copied = await flow(to, 'acme-port3');
    await becomes({ [to]: 'ACTIVE', [copied]: 'ACTIVE' });
    await mustRest('DELETE', neutron(`ports/${port('acme-port3')}`), alice);
    await becomes({ [to]: 'ACTIVE' });
    await mustRest('DELETE', neutron(`ports/${port('acme-port1')}`), alice);
    await becomes({});
  });
});
