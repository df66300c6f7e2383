import type { TapView } from '@taas/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { ReportedStates } from './reported-states.js';
import { type LabSettings, TapLab } from './tap-lab.js';

const nodes = ['node-a', 'node-b'];
/** Whatever is seen within the time of a test was told by an event. */
const seldom = { intervals: { verify_ms: 3_600_000 } };
/** At once is meant; a busy machine is given more. */
const boundMs = 15_000;

/** Collectors whose VM is not there, on whatever switch. */
export function describeCollectorLink(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  afterEach(async () => {
    await lab?.stop();
  });

  describe(`${name}: a collector without a link`, () => {
    it('is DOWN with all that flows into it, which is ACTIVE as soon as its VM is connected, and nothing else is', {
      timeout: 120_000,
    }, async () => {
      lab = await TapLab.start({ ...settings(), nodes, agent: seldom });
      const node = lab.cloud.node('node-b').switch;
      const collector = await lab.collector('node-b', lab.newPortId(), true);
      await node.setAttached(collector.port, false);
      const other = await lab.service(await lab.collector('node-b'));
      const service = await lab.service(collector);
      const [here, there] = [await lab.vm('node-b'), await lab.vm('node-a')];
      const near = await lab.flow(service, here, 'OUT');
      const far = await lab.flow(service, there, 'OUT');
      const beside = await lab.flow(other, here, 'OUT');
      const concerned = [
        ['tap_services', service],
        ['tap_flows', near],
        ['tap_flows', far],
      ] as const;
      const expectAll = async (expected: Pick<TapView, 'status' | 'status_code'>) => {
        for (const [kind, id] of concerned)
          await lab.eventually(async () => expect(await lab.client.show(kind, id)).toMatchObject(expected), boundMs);
      };
      await lab.active(beside);
      await expectAll({ status: 'DOWN', status_code: 'collector_link_down' });
      expect((await lab.client.show('tap_flows', far)).status_reason).toMatch(
        new RegExp(`^copies are dropped: the collector's port ${collector.port.id} has no link, nothing is connected`),
      );
      const published = await ReportedStates.listen(lab.cloud.store, nodes);
      try {
        for (let boots = 0; boots < 2; boots += 1) {
          // Copies that nobody takes: they cost their source nothing.
          await lab.sends(here, lab.frames(20));
          await node.setAttached(collector.port, true);
          await expectAll({ status: 'ACTIVE', status_code: 'ok' });
          await lab.expectCopies(collector, here, 'OUT');
          await lab.expectCopies(collector, there, 'OUT');
          await node.setAttached(collector.port, false);
          await expectAll({ status: 'DOWN', status_code: 'collector_link_down' });
        }
      } finally {
        await published.stop();
      }
      // Nothing was said of anybody else, nor that anything of these was undone.
      const said = new Set(published.all.map(({ id, status, status_code }) => `${id} ${status} ${status_code}`));
      const turns = ['DOWN collector_link_down', 'ACTIVE ok'];
      // The state of a flow on another node is of its own part alone, which stands.
      expect([...said].sort()).toEqual([service, near].flatMap((id) => turns.map((turn) => `${id} ${turn}`)).sort());
    });
  });
}
