import { type Cloud, getV2, type LabPort, settled } from '@taas/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distinctFrame, serialOf } from './distinct-frames.js';
import {
  type OldFlowOptions,
  type OldServiceOptions,
  OldTaasAgent,
  oldFlowRecords,
  oldServiceRecord,
  putAll,
} from './networking-vpp-taas.js';
import { startProgramCloud } from './program-cloud.js';
import { run } from './run-program.js';
import type { Place } from './scenario.js';

/** Outside of the lab's own range for copies. */
const oldVlan = 3800;

/** From networking-vpp's own TaaS to ours, with copies all the time. */
export function describeMigration(place: Place): void {
  const uuid = (kind: string, n: number) => `${kind.repeat(8)}-0000-4000-8000-${n.toString().padStart(12, '0')}`;
  const project = 'project-a';

  describe(`${place.name}: taps of networking-vpp's own TaaS, moved to ours`, () => {
    let cloud: Cloud;
    let agents: readonly [OldTaasAgent, OldTaasAgent];
    let collector: LabPort;
    let local: LabPort;
    let remote: LabPort;
    let neighbour: LabPort;
    let serial = 0;
    const service = {
      ...{ id: uuid('a', 1), project, port: uuid('b', 1), host: 'node-b', taasId: oldVlan },
    } satisfies OldServiceOptions;
    const outside = {
      ...{ id: uuid('a', 2), project, port: '', host: '', taasId: oldVlan + 1, remoteIp: '198.51.100.9' },
    } satisfies OldServiceOptions;
    const flows: readonly OldFlowOptions[] = [
      { id: uuid('c', 1), service, port: uuid('b', 2), host: 'node-b', direction: 'IN' },
      { id: uuid('c', 2), service, port: uuid('b', 3), host: 'node-a', direction: 'BOTH', vlanFilter: '100-200' },
      { id: uuid('c', 3), service: outside, port: uuid('b', 3), host: 'node-a', direction: 'OUT', session: 77 },
    ];
    const bad = [
      [`/networking-vpp/nodes/node-a/taas_flow/${uuid('d', 1)}`, 'no JSON'],
      ...oldFlowRecords({ ...flows[0], id: uuid('d', 2), service: { ...service, id: uuid('d', 9) } } as OldFlowOptions),
      // A chain: the collector as a source.
      ...oldFlowRecords({ id: uuid('d', 3), service, port: service.port, host: 'node-b', direction: 'BOTH' }),
    ] as const;

    const migrate = async (...more: string[]) => {
      const { code, stdout, stderr } = await run('taas-migrate', [
        '--config',
        cloud.server(0).process.configFile,
        ...more,
      ]);
      expect(stderr).toBe('');
      return { code, lines: stdout.trimEnd().split('\n') };
    };
    const linesOf = (lines: readonly string[], state: string) => lines.filter((line) => line.startsWith(`${state} `));
    const apiRecords = async () => (await cloud.store.list('/networking-vpp/taas/tap_')).entries.map(({ key }) => key);

    beforeAll(async () => {
      cloud = await startProgramCloud(['node-a', 'node-b'], { ...place.settings(true), bindings: 'etcd-v2' });
      collector = await cloud.addPort('node-b', { id: service.port, bridgeDomain: 100 }, project);
      local = await cloud.addPort('node-b', { id: uuid('b', 2), bridgeDomain: 101 }, project);
      neighbour = await cloud.addPort('node-b', { id: uuid('b', 4), bridgeDomain: 101 }, project);
      remote = await cloud.addPort('node-a', { id: uuid('b', 3), bridgeDomain: 102 }, project);
      const [onA, onB] = ['node-a', 'node-b'].map((node) => OldTaasAgent.start(cloud.node(node).switch));
      if (!onA || !onB) throw new Error('two nodes were asked for');
      agents = [await onA, await onB];
      await agents[1].addService(collector, oldVlan);
      await agents[1].addFlow(local, collector, 'IN');
      await agents[0].addFlow(remote, oldVlan, 'BOTH');
      const records = [oldServiceRecord(service), oldServiceRecord(outside), ...flows.flatMap(oldFlowRecords), ...bad];
      await putAll(cloud.etcd.endpoint, records);
    });
    afterAll(async () => {
      for (const agent of agents ?? []) await agent.close();
      await cloud?.stop();
    });

    /** How often the collector gets each of some frames of a port. */
    async function copiesOf(node: string, port: LabPort, count = 30, atLeast = count): Promise<readonly number[]> {
      const first = serial + 1;
      const capture = await cloud.node('node-b').switch.capture(collector);
      const frames = Array.from({ length: count }, () => distinctFrame(++serial));
      await cloud.node(node).switch.send(port, frames);
      await settled(capture, cloud.clock, { atLeast, timeoutMs: 3_000 });
      const got = (await capture.stop()).map(serialOf);
      return frames.map((_, n) => got.filter((each) => each === first + n).length);
    }
    const exactly = (times: number, count = 30) => Array<number>(count).fill(times);

    it('its own agent copies what the VM sends, where IN was asked for', async () => {
      expect(await copiesOf('node-b', local)).toEqual(exactly(1));
      expect(await copiesOf('node-b', neighbour, 30, 0)).toEqual(exactly(0));
    });

    it('a dry run says what would be made and what cannot be, and changes nothing', async () => {
      const { code, lines } = await migrate();
      expect(linesOf(lines, 'make')).toEqual([
        `make    tap_service ${service.id} port ${service.port}`,
        `make    tap_flow    ${uuid('c', 1)} OUT of port ${uuid('b', 2)} to ${service.id} (direction was IN, of which networking-vpp copies this)`,
        `make    tap_flow    ${uuid('c', 2)} BOTH of port ${uuid('b', 3)} to ${service.id} (vlan_filter was 100-200, of which networking-vpp copies this)`,
        `make    tap_mirror  ${uuid('c', 3)} {"IN":77} of port ${uuid('b', 3)} to 198.51.100.9 (direction was OUT, of which networking-vpp copies this)`,
      ]);
      const refused = linesOf(lines, 'refused');
      expect(refused).toHaveLength(3);
      expect(refused.join('\n')).toContain(`${uuid('d', 1)} it is not JSON (${bad[0][0]})`);
      expect(refused.join('\n')).toContain(`${uuid('d', 2)} there is no record of its tap service`);
      expect(refused.join('\n')).toMatch(new RegExp(`tap_flow    ${uuid('d', 3)} .*${service.port}`));
      expect(lines.slice(-2)).toEqual([
        '7 taps: 4 to make, 0 there (0 ACTIVE), 3 refused, 0 failed',
        'nothing was changed; --apply makes them',
      ]);
      expect(code).toBe(3);
      expect(await apiRecords()).toEqual([]);
    });

    it('makes them with their ids and projects, and the audit trail says why; the old ones stay as they are', async () => {
      const before = await getV2(cloud.etcd.endpoint, '/networking-vpp');
      const { code, lines } = await migrate('--apply');
      expect(lines.at(-1)).toBe('7 taps: 4 made, 0 there (0 ACTIVE), 3 refused, 0 failed');
      expect(code).toBe(3);
      for (const { id } of flows.slice(0, 2))
        expect(await cloud.client(project).until('tap_flows', id, 'ACTIVE', 15_000)).toMatchObject({
          name: 'old flow',
        });
      expect(await cloud.client(project).until('tap_services', service.id, 'ACTIVE')).toMatchObject({
        name: 'old service',
        project_id: project,
      });
      expect(await getV2(cloud.etcd.endpoint, '/networking-vpp')).toEqual(before);
      const { entries } = await cloud.store.list('/networking-vpp/taas/audit/entries/');
      const trail = entries.map(({ value }) => value).join('\n');
      expect(trail).toContain("moved from networking-vpp's own TaaS by taas-migrate");
    });

    it('while both stand, each copy arrives once of ours and once of the old ones', async () => {
      expect(await copiesOf('node-b', local)).toEqual(exactly(2));
      // The old link between nodes floods unknown unicast alone.
      const between = await copiesOf('node-a', remote);
      expect(new Set(between)).toEqual(new Set([1, 2]));
    });

    it('run again, finds all of it there, and makes nothing anew', async () => {
      const revisions = async () =>
        (await cloud.store.list('/networking-vpp/taas/tap_')).entries.map(({ modRevision }) => modRevision);
      const before = await revisions();
      const { code, lines } = await migrate('--apply');
      expect(linesOf(lines, 'there').slice(0, 3)).toEqual([
        `there   tap_service ${service.id} ACTIVE`,
        `there   tap_flow    ${uuid('c', 1)} ACTIVE`,
        `there   tap_flow    ${uuid('c', 2)} ACTIVE`,
      ]);
      expect(lines.at(-1)).toMatch(/^7 taps: 0 made, 4 there \([34] ACTIVE\), 3 refused, 0 failed$/);
      expect(code).toBe(3);
      expect(await revisions()).toEqual(before);
    });

    it('no copy is lost while the old ones go, and then each arrives once', async () => {
      const seen: number[][] = [];
      let over = false;
      const traffic = (async () => {
        while (!over) seen.push([...(await copiesOf('node-b', local, 6)), ...(await copiesOf('node-a', remote, 6))]);
      })();
      try {
        await agents[0].removeFlow(remote, oldVlan);
        await agents[1].removeFlow(local, collector);
        await agents[1].removeService(collector, oldVlan);
        await cloud.until('traffic has gone on for a while', async () => seen.length > 8);
      } finally {
        over = true;
        await traffic;
      }
      expect(Math.min(...seen.flat())).toBe(1);
      expect(await copiesOf('node-b', local)).toEqual(exactly(1));
      expect(await copiesOf('node-a', remote)).toEqual(exactly(1));
      for (const { id } of flows.slice(0, 2))
        expect((await cloud.client(project).show('tap_flows', id)).status).toBe('ACTIVE');
    });

    it('VLANs that the old taps hold are never ours, even to try', async () => {
      const held = oldServiceRecord({ ...service, id: uuid('a', 3), port: uuid('b', 9), taasId: 3900 });
      await putAll(cloud.etcd.endpoint, [held]);
      const { code, stderr } = await run('taas-migrate', ['--config', cloud.server(0).process.configFile, '--apply']);
      expect(stderr).toContain('"segments.0": networking-vpp\'s TaaS holds VLAN ids 3900 of it');
      expect(code).toBe(2);
    });
  });
}
