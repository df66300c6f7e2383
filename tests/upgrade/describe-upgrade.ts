import { readFileSync } from 'node:fs';
import type { Cloud, LabPort } from '@taas/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProgramCloud } from '../scenarios/program-cloud.js';
import type { Place } from '../scenarios/scenario.js';
import { withoutLoss } from '../scenarios/without-loss.js';

const servers = ['server-0', 'server-1'] as const;
const agents = ['agent-node-a', 'agent-node-b'] as const;
const orders = { 'servers first': [...servers, ...agents], 'agents first': [...agents, ...servers] } as const;
const project = 'project-a';
const uuid = (n: number) => `abababab-0000-4000-8000-${n.toString().padStart(12, '0')}`;

/**
 * A cloud in which the programs of before are replaced by ours, one after the other, in either order, and some of them put back:
 * old and new read what the other writes, and no copy is lost.
 * @param earlier a built checkout
 */
export function describeUpgrade(place: Place, earlier: string): void {
  describe.each(Object.entries(orders))(`an upgrade on ${place.name}, %s`, (_, order) => {
    let cloud: Cloud;
    let collector: LabPort;
    let service: string;
    let serial = 0;
    let ports = 10;
    const sources = new Map<string, LabPort>();
    const flows: string[] = [];
    const ours = new Set<string>();

    beforeAll(async () => {
      cloud = await startProgramCloud(['node-a', 'node-b'], {
        ...place.settings(true),
        seams: { root: (program) => (ours.has(program) ? undefined : earlier) },
      });
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

    const unit = (name: string) => {
      const found = cloud.units.find((each) => each.name === name);
      if (!found) throw new Error(`there is no ${name}`);
      return found;
    };

    /** Programs as they run now, by their command lines. */
    const running = () =>
      cloud.units
        .filter(({ pid }) => !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${earlier}/`))
        .map(({ name }) => name);

    /** While all send: the program is replaced, and flows made by either server come about and go. */
    async function replaced(name: string): Promise<void> {
      const from = [...sources].map(([node, port]) => ({ at: cloud.node(node).switch, port }));
      const to = { at: cloud.node('node-b').switch, port: collector };
      await withoutLoss(
        { sources: from, collector: to, clock: cloud.clock },
        () => ++serial,
        async () => {
          await unit(name).restart('stop');
          for (const n of [0, 1]) {
            const client = cloud.client(project, n);
            for (const flow of flows) await client.until('tap_flows', flow, 'ACTIVE');
            const node = n === 0 ? 'node-a' : 'node-b';
            const id = ports++;
            const port = await cloud.addPort(node, { id: uuid(id), bridgeDomain: 100 + id }, project);
            const made = await client.createTapFlow(flowOf(port.id));
            const other = cloud.client(project, 1 - n);
            await other.until('tap_flows', made.id, 'ACTIVE');
            await other.delete('tap_flows', made.id);
            await client.untilGone('tap_flows', made.id);
          }
        },
      );
    }

    it('begins with programs of before', () => {
      expect(running()).toEqual([]);
    });

    it.each(order)(
      '%s becomes ours: no copy is lost, and what either server is asked for comes about',
      async (name) => {
        ours.add(name);
        await replaced(name);
        expect(new Set(running())).toEqual(ours);
      },
    );

    it.each(['server-0', 'agent-node-b'] as const)('%s is put back, and again no copy is lost', async (name) => {
      ours.delete(name);
      await replaced(name);
      expect(new Set(running())).toEqual(ours);
    });

    it('ends with all of it gone, whoever is asked', async () => {
      const [old, young] = [cloud.client(project, 0), cloud.client(project, 1)];
      for (const flow of flows) await old.delete('tap_flows', flow);
      for (const flow of flows) await young.untilGone('tap_flows', flow);
      await young.delete('tap_services', service);
      await old.untilGone('tap_services', service);
      const left = await cloud.store.list('/networking-vpp/nodes/');
      expect(left.entries.map(({ key }) => key).filter((key) => key.includes('/taas/'))).toEqual([]);
    });
  });
}
