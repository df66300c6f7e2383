import type { Cloud, LabPort } from '@taas/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProgramCloud } from './program-cloud.js';
import { logLines, run, runWith } from './run-program.js';
import { withoutLoss as noneIsLost } from './without-loss.js';

/** The programs as an operator runs, kills and misconfigures them. */
export function describeProcesses(): void {
  const uuid = (n: number) => `bbbbbbbb-0000-4000-8000-${n.toString().padStart(12, '0')}`;
  const project = 'project-a';
  let serial = 0;

  describe('the programs, killed and restarted', () => {
    let cloud: Cloud;
    let collector: LabPort;
    let service: string;
    const sources = new Map<string, LabPort>();
    const flows: string[] = [];

    beforeAll(async () => {
      cloud = await startProgramCloud(['node-a', 'node-b']);
      collector = await cloud.addPort('node-b', { id: uuid(1), bridgeDomain: 100 }, project);
      const client = cloud.client(project);
      service = (await client.createTapService('probe', collector.id)).id;
      for (const [n, node] of ['node-a', 'node-b'].entries()) {
        const source = await cloud.addPort(node, { id: uuid(2 + n), bridgeDomain: 101 + n }, project);
        sources.set(node, source);
        flows.push((await client.createTapFlow(flowOf(source.id))).id);
      }
      for (const flow of flows) await client.until('tap_flows', flow, 'ACTIVE');
    });
    afterAll(async () => {
      await cloud?.stop();
    });

    const flowOf = (sourcePort: string) => ({
      ...{ name: 'flow', tapServiceId: service, sourcePort, direction: 'BOTH' as const },
    });

    const withoutLoss = (what: () => Promise<void>) => {
      const from = [...sources].map(([node, port]) => ({ at: cloud.node(node).switch, port }));
      const to = { at: cloud.node('node-b').switch, port: collector };
      return noneIsLost({ sources: from, collector: to, clock: cloud.clock }, () => ++serial, what);
    };

    it('answer /healthz, /readyz and /metrics, and nothing else there', async () => {
      for (const { health } of cloud.units) {
        for (const path of ['healthz', 'readyz']) {
          const answer = await fetch(`${health}/${path}`);
          expect(answer.status).toBe(200);
          expect(await answer.json()).toMatchObject({ ok: true });
        }
        const metrics = await fetch(`${health}/metrics`);
        expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
        expect(await metrics.text()).toMatch(/^taas_build_info\{program="taas-(server|agent)",version=/m);
        expect((await fetch(`${health}/metricz`)).status).toBe(404);
      }
    });

    it('an agent killed under traffic: no packet is lost, and nothing is written to its switch', async () => {
      const writes = cloud.writes();
      await withoutLoss(async () => {
        for (const { process } of cloud.nodes.map(({ agent }) => agent)) {
          expect(await process.stop('SIGKILL')).toBe('SIGKILL');
          await process.start();
        }
        for (const flow of flows) await cloud.client(project).until('tap_flows', flow, 'ACTIVE');
      });
      expect(cloud.writes()).toEqual(writes);
    });

    it('the leading server killed: the API of the other goes on, and it takes over the compiler', async () => {
      const leader = await cloud.leader();
      if (leader === undefined) throw new Error('nobody leads');
      const other = cloud.client(project, 1 - leader);
      const writes = cloud.writes();
      await withoutLoss(async () => {
        await cloud.server(leader).process.stop('SIGKILL');
        // At once, with nobody leading yet.
        for (const flow of flows) expect((await other.show('tap_flows', flow)).status).toBe('ACTIVE');
        const renamed = await fetch(`${cloud.server(1 - leader).url}/v2.0/taas/tap_flows/${flows[0]}`, {
          method: 'PUT',
          headers: { 'x-project-id': 'project-a', 'x-roles': 'member' },
          body: JSON.stringify({ tap_flow: { name: 'renamed' } }),
        });
        expect(renamed.status).toBe(200);
        await cloud.until('the other leads', async () => (await cloud.leader()) === 1 - leader);
      });
      expect(cloud.writes()).toEqual(writes);
      const source = await cloud.addPort('node-a', { id: uuid(10), bridgeDomain: 110 }, project);
      const late = await other.createTapFlow(flowOf(source.id));
      await other.until('tap_flows', late.id, 'ACTIVE');
      await other.delete('tap_flows', late.id);
      await other.untilGone('tap_flows', late.id);
      await cloud.server(leader).process.start();
      expect((await cloud.client(project, leader).show('tap_flows', flows[0] ?? '')).name).toBe('renamed');
    });

    it('etcd killed and started again in mid-work: taps run on, and all that was accepted comes about', async () => {
      const ports: LabPort[] = [];
      for (let n = 0; n < 12; n++)
        ports.push(
          await cloud.addPort(n % 2 ? 'node-a' : 'node-b', { id: uuid(20 + n), bridgeDomain: 120 + n }, project),
        );
      const client = cloud.client(project);
      const accepted: string[] = [];
      await withoutLoss(async () => {
        const asked = ports.map(async (port, n) => {
          await cloud.clock.sleep(n * 10);
          return client.createTapFlow(flowOf(port.id));
        });
        const outcomes = Promise.allSettled(asked);
        // The first is accepted, and the last are not asked for yet.
        await Promise.any(asked);
        await cloud.etcd.kill();
        await cloud.until('the server says that it cannot see etcd', async () => {
          return (await fetch(`${cloud.server(0).health}/readyz`)).status === 503;
        });
        await cloud.etcd.start();
        for (const outcome of await outcomes) {
          if (outcome.status === 'fulfilled') accepted.push(outcome.value.id);
          else expect(outcome.reason).toMatchObject({ status: 503 });
        }
        for (const flow of [...flows, ...accepted]) await client.until('tap_flows', flow, 'ACTIVE', 20_000);
      });
      expect(accepted.length).toBeGreaterThan(0);
      const listed = async (server: number) => {
        const answer = await fetch(`${cloud.server(server).url}/v2.0/taas/tap_flows`, {
          headers: { 'x-project-id': 'project-a', 'x-roles': 'member' },
        });
        return ((await answer.json()) as { tap_flows: readonly { id: string; status: string }[] }).tap_flows;
      };
      // One whose answer was lost may have been written all the same: it then works, as any other.
      for (const server of [0, 1])
        await cloud.until('every flow is ACTIVE, on both servers', async () =>
          (await listed(server)).every(({ status }) => status === 'ACTIVE'),
        );
      const all = (await listed(1)).map(({ id }) => id);
      expect(all).toEqual(expect.arrayContaining([...flows, ...accepted]));
      expect((await listed(0)).map(({ id }) => id)).toEqual(all);
      const late = all.filter((id) => !flows.includes(id));
      for (const id of late) await client.delete('tap_flows', id);
      for (const id of late) await client.untilGone('tap_flows', id);
    });

    it('the request id of an error answer is found in the log of the server', async () => {
      const answer = await fetch(`${cloud.server(0).url}/v2.0/taas/tap_flows`, {
        method: 'POST',
        headers: { 'x-project-id': 'project-a', 'x-roles': 'member' },
        body: JSON.stringify({ tap_flow: { tap_service_id: service, source_port: collector.id, direction: 'IN' } }),
      });
      expect(answer.status).toBe(409);
      const id = answer.headers.get('x-openstack-request-id');
      expect(id).toMatch(/^req-[0-9a-f-]{36}$/);
      await cloud.until('the request is in the log', async () =>
        logLines(cloud.server(0).process.logFile).some((line) => line['request_id'] === id && line['status'] === 409),
      );
    });

    it('an agent asked for a dry run prints its plan and writes nothing, neither to the switch nor to etcd', async () => {
      const agent = cloud.node('node-a').agent;
      // The other node's agent and the leading server go on saying that they live.
      const ofOthers = /(taas\/leader_heartbeat|node-b\/taas\/heartbeat)$/;
      const written = async () =>
        (await cloud.store.list('/networking-vpp/')).entries.filter(({ key }) => !ofOthers.test(key));
      const dryRun = () => run('taas-agent', ['--config', agent.process.configFile, '--dry-run']);
      expect(await dryRun()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nothing to do\n/) });
      await agent.process.stop();
      await cloud.node('node-a').switch.restart();
      await cloud.until('its lease has run out', async () => (await presence('node-a')) === undefined);
      const writes = cloud.writes();
      const before = await written();
      const { code, stdout, stderr } = await dryRun();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`vlan:${service}/physnet1/\\d+:\\n  create vlan`));
      expect(stdout).toMatch(/mirror interface \d+ to .*: both/);
      expect(cloud.writes()).toEqual(writes);
      expect(await written()).toEqual(before);
      await agent.process.start();
      for (const flow of flows) await cloud.client(project).until('tap_flows', flow, 'ACTIVE');
      await withoutLoss(async () => cloud.clock.sleep(50));
    });

    const presence = (node: string) => cloud.store.get(`/networking-vpp/state/${node}/taas/agent`);

    it('SIGTERM ends each of them in seconds, with exit code 0, and taps run on', async () => {
      const writes = cloud.writes();
      await withoutLoss(async () => {
        for (const { process } of cloud.units.toReversed()) {
          const start = cloud.clock.monotonic();
          expect(await process.stop()).toBe(0);
          expect(cloud.clock.monotonic() - start).toBeLessThan(5_000);
        }
      });
      expect(cloud.writes()).toEqual(writes);
    });
  });

  describe('the programs, started wrongly', () => {
    it.each(['taas-server', 'taas-agent'] as const)('%s explains itself', async (program) => {
      const help = await run(program, ['--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toMatch(new RegExp(`^${program} --config FILE`));
      for (const option of ['etcd.endpoints', 'health.port', 'log.level']) expect(help.stdout).toContain(option);
      expect(await run(program, ['--version'])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(new RegExp(`^${program} \\d+\\.\\d+\\.\\d+\\n$`)),
      });
    });

    const wrong: readonly (readonly [
      what: string,
      program: 'taas-server' | 'taas-agent',
      yaml: string,
      says: RegExp,
    ])[] = [
      ['an unknown option', 'taas-server', 'listn: { port: 1 }', /unknown option "listn"/],
      [
        'an unknown option within a group',
        'taas-agent',
        'node: a\nvpp: { socket: /x }',
        /unknown option "vpp\.socket"/,
      ],
      ['a wrong type', 'taas-server', 'listen: { port: many }', /option "listen\.port"/],
      ['a value out of range', 'taas-agent', 'node: a\nlease_ttl_s: 0', /option "lease_ttl_s"/],
      ['a missing option', 'taas-agent', 'vpp: {}', /missing option "node"/],
      [
        'two wrong options, both named',
        'taas-server',
        'nope: 1\nlisten: { port: -1 }',
        /nope.*listen\.port|listen\.port.*nope/,
      ],
      ['what is not YAML', 'taas-server', 'listen: [', /not YAML/],
      ['an endpoint that is none', 'taas-agent', 'node: a\netcd: { endpoints: ["ftp://x"] }', /endpoints/],
      ['no physnet for VLANs', 'taas-server', 'segments: [{ type: vlan, first: 1, last: 2 }]', /segments\.0.*physnet/],
    ];
    it.each(wrong)('%s: exit code 2 and a message that names it', async (_what, program, yaml, says) => {
      const { code, stdout, stderr } = await runWith(program, yaml);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(says);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    });

    it('a file that is not there, and a flag that is not known: exit code 2', async () => {
      expect(await run('taas-server', ['--config', '/nowhere/taas.yaml'])).toMatchObject({
        ...{ code: 2, stderr: expect.stringContaining('/nowhere/taas.yaml: cannot be read') },
      });
      expect(await run('taas-agent', ['--confg', 'x'])).toMatchObject({
        ...{ code: 2, stderr: expect.stringContaining('--confg') },
      });
      expect(await run('taas-agent', [])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--config FILE is missing'),
      });
    });

    it('development mode on an address that others can reach is refused', async () => {
      const yaml = 'listen: { host: 0.0.0.0, port: 0 }\nhealth: { port: 0 }\nauth: { mode: development }';
      const { code, stderr } = await runWith('taas-server', yaml);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/development/);
    });
  });
}
