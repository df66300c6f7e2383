import { freePort } from '@taas/lab';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeBoundPorts } from './bound-ports.suite.js';
import { describeDashboard } from './dashboard.suite.js';
import { describeHaproxy } from './haproxy.suite.js';
import { describeHeat } from './heat.suite.js';
import { describeHorizon } from './horizon.suite.js';
import { OpenStackCli, openstackOnce } from './lab/openstack-cli.js';
import { type OpenStackLab, startOpenStackLab } from './lab/openstack-lab.js';
import { mustRest, rest } from './lab/rest.js';
import { revokeToken } from './lab/seed.js';
import { logsSince, markLogs } from './lab/service-logs.js';
import { describeNewestClients } from './newest-clients.suite.js';
import { describePassThrough } from './pass-through.suite.js';
import { startTaasFront, type TaasFront } from './taas-front.js';
import { describeTerraform } from './terraform.suite.js';
import { describeTokens } from './tokens.suite.js';
import { userCommands } from './user-commands.js';

/** A tap service as `openstack tap service ... -f json` shows it. */
interface ShownService {
  readonly ID: string;
  readonly Name: string;
  readonly Port: string;
  readonly Status: string;
  readonly description: string;
  readonly project_id: string;
}

interface ShownFlow {
  readonly ID: string;
  readonly Name: string;
  readonly source_port: string;
  readonly tap_service_id: string;
  readonly Direction: string;
}

/** Without what changes by itself: nothing is bound here, and the server says so as soon as it has looked. */
const steady = (shown: object) => ({ ...shown, Status: undefined, status_reason: undefined, status_code: undefined });

/** Less than the default, and enough for Keystone to stop within it on a busy machine. */
const tokenCacheMs = 10_000;
let lab: OpenStackLab;
let front: TaasFront;
const cli = new OpenStackCli();

const commands = userCommands(cli, () => lab);
const { run, must, json } = commands;
const port = (name: string): string => lab.networks.ports[name] ?? `no such port: ${name}`;
const api = (path: string) => `${front.url}/v2.0/${path}`;

/** Waits for something that another program does in its own time. */
const eventually = (what: () => Promise<void>) => vi.waitFor(what, { timeout: 120_000, interval: 200 });

beforeAll(async () => {
  const listen = await freePort();
  lab = await startOpenStackLab({ networkUrl: `http://127.0.0.1:${listen}`, say: (line) => console.log(line) });
  front = await startTaasFront(lab, { port: listen, tokenCacheMs, pollMs: 500 });
});
afterAll(async () => {
  cli.stop();
  await front?.stop();
  await lab?.stop();
});
beforeEach(({ onTestFailed }) => {
  expect.hasAssertions();
  const mark = markLogs(lab.directory);
  onTestFailed(() => console.log(logsSince(lab.directory, mark)));
});

describe('a cloud whose networking endpoint is ours', () => {
  it('shows what Neutron has, and our extensions with it', async () => {
    const ports = await json<{ Name: string }[]>('alice', 'port list');
    expect(ports.map(({ Name }) => Name).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `acme-port${n}`));
    const extensions = await json<{ Alias: string }[]>('alice', 'extension list --network');
    const aliases = extensions.map(({ Alias }) => Alias);
    for (const alias of [
      'quotas',
      'taas',
      'taas-vlan-filter',
      'tap-mirror',
      'tap-mirror-both-direction',
      'taas-flow-filter',
      'taas-flow-accounting',
      'taas-expiry',
      'taas-consent',
    ])
      expect(aliases.filter((each) => each === alias)).toEqual([alias]);
  });

  it('answers a command in a process of its own, as at a terminal', async () => {
    const created = await openstackOnce(
      lab.environment('alice'),
      'tap',
      'service',
      'create',
      '--name',
      'first',
      '--port',
      'acme-port1',
    );
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(created.stdout).toMatch(/\| Port +\| [0-9a-f-]{36} +\|/);
  });

  it('refuses whoever has no token, as Neutron does', async () => {
    const { status, headers, body } = await rest('GET', api('taas/tap_services'));
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe(`Keystone uri="${lab.keystoneUrl.replace(/\/v3$/, '')}"`);
    expect(body.error.code).toBe(401);
  });
});

// Before those that delete ports.
describeNewestClients(() => ({ lab, front }));
describeTerraform(() => ({ lab, front }));

describe('the openstack command', () => {
  it('creates, shows, lists, updates and deletes tap services', async () => {
    const made = await json<ShownService>(
      'alice',
      'tap service create --name watch --port acme-port2 --description why',
    );
    expect(made).toMatchObject({ Name: 'watch', Port: port('acme-port2'), description: 'why' });
    expect(made.project_id).toBe(lab.identity.projects['acme']);
    expect(steady(await json<ShownService>('alice', 'tap service show watch'))).toEqual(steady(made));
    await must('alice', 'tap service update watch --name watched --description because');
    expect(await json<ShownService>('alice', `tap service show ${made.ID}`)).toMatchObject({
      Name: 'watched',
      description: 'because',
    });
    const names = (await json<ShownService[]>('alice', 'tap service list')).map(({ Name }) => Name);
    expect(names.sort()).toEqual(['first', 'watched']);
    await must('alice', 'tap service delete watched');
    const gone = await run('alice', `tap service show ${made.ID}`);
    expect(gone.code).not.toBe(0);
  });

  it('creates, shows, lists, updates and deletes tap flows', async () => {
    const service = await json<ShownService>('alice', 'tap service show first');
    const made = await json<ShownFlow>(
      'alice',
      'tap flow create --name both --port acme-port3 --tap-service first --direction both --vlan-filter 9,18-27',
    );
    expect(made).toMatchObject({
      Name: 'both',
      Direction: 'BOTH',
      tap_service_id: service.ID,
      source_port: port('acme-port3'),
    });
    expect(steady(await json<ShownFlow>('alice', 'tap flow show both'))).toEqual(steady(made));
    await must('alice', 'tap flow update both --name all');
    expect((await json<ShownFlow[]>('alice', 'tap flow list')).map(({ Name }) => Name)).toEqual(['all']);
    await must('alice', 'tap flow delete all');
    expect(await json('alice', 'tap flow list')).toEqual([]);
  });

  it("shows an error's message and request id", async () => {
    const { code, stderr } = await run('alice', 'tap flow create --port acme-port1 --tap-service first --direction in');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/is the port of that very tap service/);
    const id = /req-[0-9a-f-]{36}/.exec(stderr)?.[0] ?? 'no request id';
    expect(front.log()).toContain(id);
  });
});

describe('projects', () => {
  it("another project sees nothing of acme's, and can do nothing to it", async () => {
    const { ID } = await json<ShownService>('alice', 'tap service show first');
    expect(await json('bob', 'tap service list')).toEqual([]);
    for (const command of [`show ${ID}`, `delete ${ID}`, `update ${ID} --name mine`]) {
      const { code, stderr } = await run('bob', `tap service ${command}`);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/Unable to find|could not be found|does not exist/i);
    }
    await json('alice', `tap service show ${ID}`);
  });

  it("another project's port is one that does not exist", async () => {
    const nowhere = '00000000-1111-4222-8333-444444444444';
    const token = await lab.token('bob');
    const answers = await Promise.all(
      [port('acme-port2'), nowhere].map((port_id) =>
        rest('POST', api('taas/tap_services'), token, { tap_service: { name: 'x', port_id } }),
      ),
    );
    const shapes = answers.map(({ status, body }) => [status, JSON.stringify(body).replace(/[0-9a-f-]{36}/, 'ID')]);
    expect(shapes[0]).toEqual(shapes[1]);
    expect(shapes[0]?.[0]).toBe(404);
    await must('bob', 'tap service create --name bobs --port umbrella-port1');
    const stolen = await rest('POST', api('taas/tap_flows'), token, {
      tap_flow: {
        source_port: port('acme-port2'),
        tap_service_id: (await json<ShownService>('bob', 'tap service show bobs')).ID,
        direction: 'BOTH',
      },
    });
    expect(stolen.status).toBe(404);
  });

  it('a network that was shared gives its owner no right to mirror the ports of others on it', async () => {
    const network = lab.networks.networks['acme-net1'];
    const alice = await lab.token('alice');
    await mustRest('POST', api('rbac-policies'), alice, {
      rbac_policy: {
        ...{ object_type: 'network', object_id: network, action: 'access_as_shared' },
        target_tenant: lab.identity.projects['umbrella'],
      },
    });
    const guest = await mustRest('POST', api('ports'), await lab.token('bob'), {
      port: { network_id: network, name: 'guest' },
    });
    const { body } = await mustRest('GET', api('taas/tap_services?name=first'), alice);
    const seen = await rest('GET', api(`ports/${guest.body.port.id}`), alice);
    expect(seen.status).toBe(200); // Neutron shows it to the network's owner ...
    const tapped = await rest('POST', api('taas/tap_flows'), alice, {
      tap_flow: { source_port: guest.body.port.id, tap_service_id: body.tap_services[0].id, direction: 'BOTH' },
    });
    expect([403, 404]).toContain(tapped.status); // ... and that is all.
    await mustRest('DELETE', api(`ports/${guest.body.port.id}`), await lab.token('bob'));
  });

  it('a reader reads and does not write', async () => {
    expect((await json<ShownService[]>('carol', 'tap service list')).map(({ Name }) => Name)).toEqual(['first']);
    for (const command of ['create --port acme-port2', 'delete first', 'update first --name changed']) {
      const { code, stderr } = await run('carol', `tap service ${command}`);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/disallowed by policy/);
    }
    expect((await json<ShownService[]>('alice', 'tap service list')).map(({ Name }) => Name)).toEqual(['first']);
  });

  it('an administrator sees all', async () => {
    const names = (await json<ShownService[]>('admin', 'tap service list')).map(({ Name }) => Name);
    expect(names.sort()).toEqual(['bobs', 'first']);
  });
});

describe('tap mirrors (which this client has no commands for)', () => {
  const wanted = () => ({
    name: 'out',
    port_id: port('acme-port4'),
    mirror_type: 'gre',
    remote_ip: '203.0.113.9',
    directions: { IN: 101 },
  });

  it('are created, shown, listed, updated and deleted; by members of their project alone', async () => {
    const [alice, bob, carol] = await Promise.all([lab.token('alice'), lab.token('bob'), lab.token('carol')]);
    const made = await mustRest('POST', api('taas/tap_mirrors'), alice, { tap_mirror: wanted() });
    expect([made.status, made.body.tap_mirror]).toMatchObject([201, wanted()]);
    const one = api(`taas/tap_mirrors/${made.body.tap_mirror.id}`);
    const shown = await rest('GET', one, carol);
    expect(shown.body.tap_mirror).toMatchObject(wanted());
    expect((await rest('GET', one, bob)).status).toBe(404);
    expect((await rest('DELETE', one, bob)).status).toBe(404);
    expect((await rest('DELETE', one, carol)).status).toBe(403);
    const conflict = await rest('POST', api('taas/tap_mirrors'), alice, {
      tap_mirror: { ...wanted(), directions: { OUT: 101 } },
    });
    expect([conflict.status, conflict.body.NeutronError.type]).toEqual([409, 'TapMirrorTunnelConflict']);
    const changed = await rest('PUT', one, alice, { tap_mirror: { name: 'abroad' } });
    expect(changed.body.tap_mirror.name).toBe('abroad');
    expect((await rest('GET', api('taas/tap_mirrors'), alice)).body.tap_mirrors).toHaveLength(1);
    expect((await rest('DELETE', one, alice)).status).toBe(204);
    expect((await rest('GET', one, alice)).status).toBe(404);
  });
});

describe('a port that is deleted', () => {
  it('through us takes its taps along before its owner hears of it', async () => {
    await must('alice', 'tap service create --name onport5 --port acme-port5');
    await must('alice', 'tap flow create --name fromport3 --port acme-port3 --tap-service onport5 --direction in');
    await must('alice', 'port delete acme-port5');
    expect((await json<ShownService[]>('alice', 'tap service list')).map(({ Name }) => Name)).toEqual(['first']);
    expect(await json('alice', 'tap flow list')).toEqual([]);
  });

  it('past us, by whomever, takes its taps along soon after', async () => {
    const admin = await lab.token('admin');
    await must('alice', 'tap flow create --name fromport6 --port acme-port6 --tap-service first --direction out');
    await mustRest('DELETE', `${lab.neutronUrl}/v2.0/ports/${port('acme-port6')}`, admin);
    await eventually(async () => {
      expect((await mustRest('GET', api('taas/tap_flows'), admin)).body.tap_flows).toEqual([]);
    });
  });
});

describe('quotas', () => {
  it('are shown and set as Neutron shows and sets them, and hold', async () => {
    const admin = await lab.token('admin');
    const quota = api(`quotas/${lab.identity.projects['acme']}`);
    const set = await mustRest('PUT', quota, admin, { quota: { tap_service: 1, port: 50 } });
    expect(set.body.quota).toMatchObject({ tap_service: 1, port: 50 });
    const shown = await mustRest('GET', quota, admin);
    expect(shown.body.quota).toMatchObject({ tap_service: 1, port: 50 });
    const { code, stderr } = await run('alice', 'tap service create --name second --port acme-port2');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Quota exceeded for resources: \['tap_service'\]/);
    await mustRest('DELETE', quota, admin);
    await must('alice', 'tap service create --name second --port acme-port2');
    await must('alice', 'tap service delete second');
  });
});

describePassThrough(() => ({ lab, front }));
describeHaproxy(() => ({ lab, front }));
describeTokens(() => ({ lab, front }));
describeBoundPorts(() => ({ lab, front }), commands);
describeHeat(() => ({ lab, front }));
describeDashboard(() => ({ lab, front }));
describeHorizon(() => ({ lab, front }));

describe('Keystone', () => {
  const listAs = async (token: string) => (await rest('GET', api('taas/tap_services'), token)).status;

  it('revokes a token: it is refused within the bound', async () => {
    const token = await lab.token('alice');
    expect(await listAs(token)).toBe(200);
    await revokeToken(lab.keystoneUrl, token);
    // Sooner than by the default bound of a minute; the bound itself is measured where time stands still.
    await vi.waitFor(async () => expect(await listAs(token)).toBe(401), { timeout: 40_000, interval: 200 });
  });

  it('stops: tokens that were just checked go on, others hear 503 with a clear message; and starts: all is well', async () => {
    const [known, unknown] = [await lab.token('alice'), await lab.token('bob')];
    expect(await listAs(known)).toBe(200);
    await lab.keystone.stop();
    try {
      expect(await listAs(known)).toBe(200);
      const refused = await rest('GET', api('taas/tap_services'), unknown);
      expect(refused.status).toBe(503);
      expect(refused.body.NeutronError.message).toMatch(/Keystone/);
      expect(refused.headers.get('x-openstack-request-id')).toMatch(/^req-/);
    } finally {
      await lab.keystone.start();
    }
    await eventually(async () => expect(await listAs(unknown)).toBe(200));
    expect((await json<ShownService[]>('alice', 'tap service list')).map(({ Name }) => Name)).toEqual(['first']);
  });
});

describe('Neutron', () => {
  it('stops: reads go on, creates say 503 and nothing is deleted; and starts: all is well', async () => {
    const token = await lab.token('alice');
    const create = () =>
      rest('POST', api('taas/tap_services'), token, { tap_service: { port_id: port('acme-port7') } });
    await lab.neutron.stop();
    try {
      expect((await create()).status).toBe(503);
      const passed = await rest('GET', api('ports'), token);
      expect(passed.status).toBe(503);
      expect(passed.body.NeutronError.type).toBe('ServiceUnavailable');
      const { body } = await mustRest('GET', api('taas/tap_services'), token);
      expect(body.tap_services.map(({ name }: { name: string }) => name)).toEqual(['first']);
    } finally {
      await lab.neutron.start();
    }
    await eventually(async () => expect((await create()).status).toBe(201));
    expect((await json<ShownService[]>('admin', 'tap service list')).map(({ Name }) => Name).sort()).toEqual([
      '',
      'bobs',
      'first',
    ]);
  });
});

it('no token and no password is in the log of the server', async () => {
  const log = front.log();
  expect(log.length).toBeGreaterThan(1_000);
  expect(log).not.toContain(lab.password);
  expect(log).not.toMatch(/gAAAAA[A-Za-z0-9_-]{20}/);
});
