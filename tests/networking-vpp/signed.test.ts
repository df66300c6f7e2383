import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findNetworkingVpp } from './checkout/networking-vpp.js';
import { makeJwtCertificates } from './lab/jwt-certificates.js';
import { NeighbourCloud } from './lab/neighbour-cloud.js';
import { Vms, waiting } from './lab/vms.js';

const found = findNetworkingVpp(process.env);
const why = 'missing' in found ? ` (skipped: ${found.missing})` : '';

/** networking-vpp's option jwt_signing, in its driver and in its agents. */
describe.skipIf('missing' in found)(`networking-vpp signs what it writes${why}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'taas-nvpp-'));
  let vms: Vms;

  beforeAll(async () => {
    if ('missing' in found) return;
    const certificates = join(directory, 'certificates');
    mkdirSync(certificates);
    const signing = makeJwtCertificates(certificates, ['Controller-1', 'node-a', 'node-b']);
    const cloud = await NeighbourCloud.start(found, directory, {
      mlTwoVpp: { jwt_signing: true, ...signing.of('Controller-1') },
      onNode: (node) => ({ ...signing.of(node) }),
      // Without allow_unprotected: signatures are protection enough.
      v2User: {},
      taasNetworkingVpp: { signing: { ca_files: [signing.ca] } },
      say: (line) => console.log(line),
    });
    vms = new Vms(cloud);
  });
  afterAll(async () => {
    await vms?.cloud.stop();
    if (!process.env['KEEP']) rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(({ onTestFailed }) => {
    expect.hasAssertions();
    onTestFailed(vms.cloud.logsFrom());
  });

  const status = async (source: string, collector: string): Promise<string> => {
    const service = { port_id: collector, name: 's' };
    const made = await vms.taas('POST', 'tap_services', { tap_service: service });
    const flow = { name: 'f', tap_service_id: made.body.tap_service.id, source_port: source, direction: 'OUT' };
    const { body } = await vms.taas('POST', 'tap_flows', { tap_flow: flow });
    await vms.cloud.clock.sleep(2_000);
    const { status: said, status_code } = await vms.shown(body.tap_flow.id);
    await vms.taas('DELETE', `tap_flows/${body.tap_flow.id}`);
    await vms.taas('DELETE', `tap_services/${made.body.tap_service.id}`);
    return `${said} ${status_code}`;
  };

  it('its own agents do not read what its driver has signed: in 20.09 they end at the first security group', async () => {
    for (const { neighbour } of vms.cloud.allNodes) {
      await expect.poll(() => neighbour.ended, { timeout: 60_000 }).toBe(1);
      expect(neighbour.log()).toMatch(/KeyError: 'ingress_rules'/);
    }
    // The driver binds a port where an agent is alive; nothing here needs more of one than to say so.
    for (const { name } of vms.cloud.allNodes) await vms.cloud.etcd.put(`/networking-vpp/state/${name}/alive`, '1');
  });

  it('its bindings are signed, and the server believes them', async () => {
    const network = await vms.network('signed');
    const [source, collector] = [await vms.port(network, 'node-a'), await vms.port(network, 'node-b')];
    const value = await vi.waitFor(async () => {
      const got = await vms.cloud.etcd.get(`/networking-vpp/nodes/node-a/ports/${source.id}`);
      expect(got).toBeDefined();
      return got;
    }, waiting);
    expect(Object.keys(JSON.parse(value ?? '{}')).sort()).toEqual(['certificate', 'jwt']);
    const said = await status(source.id, collector.id);
    console.log(`a tap of a port whose binding is signed: ${said}`);
    expect(said).not.toMatch(/port_binding_unknown/);
  });

  it('a binding that somebody has written without a signature is not believed', async () => {
    const network = await vms.network('unsigned');
    const { id: collector } = await vms.port(network, 'node-b');
    const { id } = await vms.cloud.users.json<{ id: string }>('alice', `port create --network ${network} forged`);
    await vms.cloud.etcd.put(`/networking-vpp/nodes/node-a/ports/${id}`, JSON.stringify({ binding_type: 'vhostuser' }));
    expect(await status(id, collector)).toMatch(/port_binding_unknown/);
  });
});
