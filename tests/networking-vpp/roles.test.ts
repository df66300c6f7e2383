import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findNetworkingVpp } from './checkout/networking-vpp.js';
import { NeighbourCloud, nodeNames } from './lab/neighbour-cloud.js';
import { enableV2Auth, type V2User } from './lab/v2-auth.js';
import { type Vm, Vms } from './lab/vms.js';

const found = findNetworkingVpp(process.env);
const why = 'missing' in found ? ` (skipped: ${found.missing})` : '';
const password = 'only-for-this-lab';

/** What its own tool `vpp-etcd-role-conf` gives an agent, and what the agent needs besides. */
const agentUser = (node: string): V2User => ({
  ...{ name: node, password },
  read: ['/networking-vpp/*'],
  write: [`/networking-vpp/nodes/${node}/*`, `/networking-vpp/state/${node}/*`, '/networking-vpp/global/*'],
});
const byItsTool = (node: string): V2User => ({
  ...{ name: `${node}-tool`, password },
  read: [`/networking-vpp/nodes/${node}/*`, `/networking-vpp/state/${node}/*`],
  write: [`/networking-vpp/state/${node}/*`],
});
const driverUser: V2User = { name: 'driver', password, read: ['/networking-vpp/*'], write: ['/networking-vpp/*'] };
/** As the how-to for an existing cloud has it. */
const serverUser: V2User = { name: 'taas-server', password, read: ['/networking-vpp/nodes/*'], write: [] };

/** etcd asks who somebody is, in the store where networking-vpp writes. */
describe.skipIf('missing' in found)(`networking-vpp's etcd has users and roles${why}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'taas-nvpp-'));
  let vms: Vms;
  let source: Vm;
  let near: Vm;
  let collector: Vm;

  beforeAll(async () => {
    if ('missing' in found) return;
    mkdirSync(directory, { recursive: true });
    const passwordFile = join(directory, 'v2-password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    const users = [...nodeNames.flatMap((node) => [agentUser(node), byItsTool(node)]), driverUser, serverUser];
    const cloud = await NeighbourCloud.start(found, directory, {
      etcdUsers: {
        driver: `driver:${password}`,
        agent: (node) => `${node}:${password}`,
        lab: `root:${password}`,
      },
      prepareEtcd: (url) => enableV2Auth(url, password, users),
      v2User: { user: serverUser.name, password_file: passwordFile },
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

  it('a tap works with a v2 user that may read where ports are, and nothing else', async () => {
    const network = await vms.network('guarded');
    collector = await vms.vm(await vms.network('guarded-collectors'), 'node-b');
    source = await vms.vm(network, 'node-a');
    near = await vms.vm(network, 'node-b');
    const flow = await vms.flow(await vms.service(collector), source, 'both');
    await vms.expectCopies(collector, source, near, 'both');
    expect((await vms.shown(flow)).status).toBe('ACTIVE');
  });

  it('the roles of its own tool are too small for its own agent, which ends', async () => {
    const { neighbour } = vms.cloud.node('node-a');
    await neighbour.stop();
    const starting = neighbour.start({ ml2_vpp: { etcd_user: 'node-a-tool', etcd_pass: password } });
    await expect(starting).rejects.toThrow(/EtcdInsufficientPermissions|Insufficient credentials|requires user auth/);
    await neighbour.start();
    await vms.expectCopies(collector, source, near, 'both');
  });
});
