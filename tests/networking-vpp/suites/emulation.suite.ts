import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourObjects, restartMessages } from '../../scenarios/neighbour-agent.js';
import { flatPhysnet } from '../lab/neighbour-cloud.js';
import { during } from '../lab/talk.js';
import type { Vm, Vms } from '../lab/vms.js';

/** What `tests/scenarios/neighbour-agent.ts` plays, compared with what networking-vpp's agent really does. */
export function describeEmulation(lab: () => Vms): void {
  describe('the emulation of its agent', () => {
    let source: Vm;
    let collector: Vm;
    let flow: string;

    afterAll(async () => {
      await lab().removeAllTaps();
      await lab().cloud.guests.shutDown();
    });
    beforeAll(async () => {
      const vms = lab();
      const network = await vms.network('emulated', { more: '--enable-port-security' });
      collector = await vms.vm(await vms.network('emulated-collectors'), 'node-b');
      source = await vms.vm(network, 'node-a');
      flow = await vms.flow(await vms.service(collector), source, 'out');
    });

    /** Those of its messages since `from` in its log that change VPP, each name once. */
    const changes = (logFile: string, from: number): readonly string[] => {
      const called = readFileSync(logFile, 'utf8')
        .slice(from)
        .matchAll(/ Calling (\w+)\(/g);
      const names = new Set([...called].map(([, name = '']) => name));
      return [...names].filter((name) => !/_dump$|_get$|^show_|^control_ping$/.test(name)).sort();
    };
    const loud = { DEFAULT: { default_log_levels: 'vpp_papi=DEBUG,etcd=INFO,urllib3=INFO' } };

    it('a restart changes VPP by these messages, which the emulation sends as well, or says that it does not', async () => {
      const vms = lab();
      const { neighbour } = vms.cloud.node('node-a');
      await neighbour.stop();
      const from = neighbour.log().length;
      await neighbour.start(loud);
      await vms.isUp(source.id, 'node-a');
      await expect
        .poll(() => changes(neighbour.logFile, from), { timeout: 30_000 })
        .toEqual(expect.arrayContaining(['macip_acl_interface_add_del']));
      await vms.cloud.clock.sleep(2_000);
      const really = changes(neighbour.logFile, from);
      console.log(`at a restart its agent sends ${really.join(' ')}`);
      expect(really).toEqual([...restartMessages.played, ...restartMessages.left].sort());
      await neighbour.stop();
      await neighbour.start();
    });

    it('the interface of its physnet changes and changes back: ports are put out, and are copied again', async () => {
      const vms = lab();
      const { neighbour, vpp } = vms.cloud.node('node-a');
      const ours = () => ourObjects(vpp).then((all) => all.filter((each) => !each.startsWith('mirror ')));
      const before = await ours();
      const [first, second] = [vpp.wireName(0), vpp.wireName(1)];
      const physnets = `physnet1:${second},${flatPhysnet}:${first}`;
      const gap = await during(vms, { source, collector }, async (talking) => {
        await neighbour.stop();
        await neighbour.start({ ml2_vpp: { physnets } });
        await vms.isUp(source.id, 'node-a');
        await talking.more(200);
        await neighbour.stop();
        await neighbour.start();
        await vms.isUp(source.id, 'node-a');
        await talking.more(500);
      });
      console.log(
        `its physnet changed and changed back: ${gap.missing} of ${gap.sent} copies are missing, over ${gap.ms} ms`,
      );
      expect(gap).toMatchObject({ duplicated: 0, foreign: [] });
      await vms.becomes(flow, 'ACTIVE');
      await vms.expectAt(collector, 'copies after it', async () => {
        const frames = vms.frames(30);
        await source.guest.send(frames);
        return frames;
      });
      expect(await ours()).toEqual(before);
    });
  });
}
