import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { breakagesOfMirrors } from './breakages.js';
import { MirrorLab } from './mirror-lab.js';
import { ReportedStates } from './reported-states.js';
import type { LabSettings } from './tap-lab.js';
import { Vandal } from './vandal.js';

const node = 'node-a';
/** On a busy machine a poll takes long, and the next one comes twenty times as much later. */
const patienceMs = 90_000;

/** Tap mirrors that somebody breaks in the switch, on whatever switch: seen, said, mended, and nothing else touched. */
export function describeBrokenMirrors(name: string, settings: () => LabSettings): void {
  let mirrors: MirrorLab;
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await mirrors?.lab.stop();
  });

  describe(`${name}: a mirror that is broken behind the agent's back`, () => {
    it('is mended by itself, whatever was done to it', { timeout: 600_000 }, async () => {
      mirrors = await MirrorLab.start({ ...settings(), nodes: [node], agent: { intervals: { verify_ms: 3_600_000 } } });
      const { lab } = mirrors;
      const vm = await lab.vm(node);
      const made = [
        await mirrors.mirror(vm, 'gre', { IN: 1, OUT: 2 }),
        await mirrors.mirror(vm, 'erspanv1', { BOTH: 3 }),
      ];
      await mirrors.active(...made);
      const vandal = await Vandal.at(mirrors.switch(node));
      await vandal.makeTheirs();
      for (const { name: deed, happen } of breakagesOfMirrors) {
        const published = await ReportedStates.listen(lab.cloud.store, [node]);
        const before = await vandal.inventory();
        await happen(vandal);
        await lab.eventually(async () => {
          const said = published.all.filter(({ status, reason }) => status !== 'ACTIVE' && reason !== '');
          expect(said.length, deed).toBeGreaterThan(0);
          expect({ deed, ...(await vandal.inventory()) }).toEqual({ deed, ...before });
        }, patienceMs);
        await published.stop();
        await mirrors.active(...made);
        await mirrors.expectOutside(node, async () => {
          const { IN, OUT, BOTH } = await mirrors.talk(vm);
          return [
            { type: 'gre', id: 1, frames: IN },
            { type: 'gre', id: 2, frames: OUT },
            { type: 'erspanv1', id: 3, frames: BOTH },
          ];
        });
      }
      await vandal.leave();
    });

    it('says that the interface towards its address is down, leaves it so, and copies when it is up', {
      timeout: 300_000,
    }, async () => {
      mirrors = await MirrorLab.start({ ...settings(), nodes: [node], agent: { intervals: { verify_ms: 3_600_000 } } });
      const { lab } = mirrors;
      const vm = await lab.vm(node);
      const mirror = await mirrors.mirror(vm, 'gre', { IN: 1, OUT: 2 });
      await mirrors.active(mirror);
      const vandal = await Vandal.at(mirrors.switch(node));
      const outside = { sw_if_index: mirrors.outside(node).swIfIndex };
      await vandal.setUp(outside, false);
      await lab.eventually(
        async () =>
          expect(await mirrors.reason(mirror)).toMatch(
            /^PENDING_CREATE (the interface \S+ towards 198\.51\.100\.9 is down|this node has no route to)/,
          ),
        patienceMs,
      );
      await vandal.setUp(outside, true);
      await vandal.leave();
      await lab.eventually(() => mirrors.expectMirrored(vm, 'gre', { IN: 1, OUT: 2 }), patienceMs);
      await mirrors.active(mirror);
    });
  });
}
