import { afterEach, describe, expect, it } from 'vitest';
import { ReportedStates } from './reported-states.js';
import { talk } from './talk.js';
import { type LabSettings, TapLab } from './tap-lab.js';
import { Vandal } from './vandal.js';

const nodes = ['node-a', 'node-b'];
const filterRules = [{ action: 'accept', protocol: 17, destination_port: '2000' }];
const often = { intervals: { traffic_ms: 200 } };
const patienceMs = 60_000;

/** Copies that come to nothing though all that VPP says looks right, on whatever switch. */
export function describeStillCopies(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  afterEach(async () => {
    await lab?.stop();
  });

  for (const transport of ['vlan', 'vxlan'] as const)
    describe(`${name}: taps over ${transport} of which VPP says only good things`, () => {
      it('are DOWN while nothing is copied, those with traffic and no others, and nothing is undone', {
        timeout: 300_000,
      }, async () => {
        lab = await TapLab.start({ ...settings(), nodes, transport, agent: often });
        const [there, here] = [await lab.collector('node-b'), await lab.collector('node-a')];
        const [far, near] = [await lab.service(there), await lab.service(here)];
        const [busy, calm] = [await lab.vm('node-a'), await lab.vm('node-a')];
        const flows = {
          near: await lab.flow(near, busy, 'OUT'),
          far: await lab.flow(far, busy, 'OUT'),
          picky: await lab.flow(near, busy, 'OUT', { filterRules }),
          calm: await lab.flow(near, calm, 'OUT'),
        };
        await lab.active(...Object.values(flows));
        const states = async () =>
          Object.fromEntries(
            await Promise.all(
              Object.entries(flows).map(async ([key, id]) => [key, (await lab.client.show('tap_flows', id)).status]),
            ),
          );
        const well = { near: 'ACTIVE', far: 'ACTIVE', picky: 'ACTIVE', calm: 'ACTIVE' };
        const node = lab.cloud.node('node-a').switch;
        const vandal = await Vandal.at(node);
        const published = await ReportedStates.listen(lab.cloud.store, nodes);
        const talking = talk(lab, busy);
        try {
          await talking.more(2000);
          await lab.clock.sleep(3000);
          expect(published.all).toEqual([]);
          const before = await vandal.inventory();
          for (const [kind, down] of [
            // The one without a filter copies for the one that has one: what comes to nothing is missing to both.
            ['entry', { near: 'DOWN', picky: 'DOWN' }],
            [transport, { far: 'DOWN' }],
          ] as const) {
            const [spanDestination] = await vandal.interfaces(kind);
            if (!spanDestination) throw new Error('there is none');
            await node.swallowCopies(spanDestination.sw_if_index, true);
            await lab.eventually(async () => expect(await states()).toEqual({ ...well, ...down }), patienceMs);
            const reason = `VPP receives packets by the interface of port ${busy.port.id}, and ${spanDestination.interface_name}, to which it is mirrored, counts none`;
            expect((await lab.client.show('tap_flows', kind === 'entry' ? flows.near : flows.far)).status_reason).toBe(
              reason,
            );
            await node.swallowCopies(spanDestination.sw_if_index, false);
            await lab.eventually(async () => expect(await states()).toEqual(well), patienceMs);
          }
          expect(await vandal.inventory()).toEqual(before);
        } finally {
          await talking.stop();
          await published.stop();
          await vandal.leave();
        }
      });
    });
}
