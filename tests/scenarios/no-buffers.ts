import { settled } from '@taas/lab';
import { afterEach, expect, it } from 'vitest';
import { broadcast } from './every-frame.js';
import { type LabSettings, TapLab } from './tap-lab.js';

/** So few that copies of a burst of long frames use them up; VPP does not start with many less. */
const buffers = 2_048;
const services = 8;
const frames = 600;
/** Several buffers each. */
const bytes = 4_000;
const patienceMs = 90_000;

/** VPP that has no buffer left for a copy makes none, and counts nothing (vnet/span/node.c): the loss must be told all the same. */
export function describeNoBuffers(settings: () => LabSettings): void {
  let lab: TapLab | undefined;
  afterEach(async () => {
    await lab?.stop();
  });

  it('copies for which VPP has no buffers are told as unaccounted, to the frame', { timeout: 150_000 }, async () => {
    const agent = { intervals: { statistics_ms: 200 } };
    const started = await TapLab.start({ ...settings(), nodes: ['node-a'], tuning: { buffers }, agent });
    lab = started;
    const vm = await started.vm('node-a');
    const taps: { readonly service: string; readonly port: Awaited<ReturnType<TapLab['collector']>>['port'] }[] = [];
    const flows: string[] = [];
    for (let n = 0; n < services; n++) {
      const { node, port } = await started.collector('node-a');
      const service = await started.service({ node, port });
      flows.push(await started.flow(service, vm, 'OUT'));
      taps.push({ service, port });
    }
    await started.active(...flows);
    const { switch: vpp } = started.cloud.node('node-a');
    const captures = await Promise.all(taps.map(({ port }) => vpp.capture(port)));
    await started.sends(
      vm,
      Array.from({ length: frames }, (_, n) => broadcast(n, bytes)),
    );
    const got: number[] = [];
    for (const capture of captures) {
      await settled(capture, started.clock, { atLeast: 0 });
      got.push((await capture.stop()).length);
    }
    // Otherwise nothing is shown.
    expect(Math.min(...got)).toBeLessThan(frames);
    for (const [n, { service }] of taps.entries())
      await started.eventually(async () => {
        const { stages, lost, current } = await started.client.statistics('tap_services', service);
        const at = (stage: string) =>
          stages.filter((each) => each.stage === stage).reduce((sum, { packets }) => sum + packets, 0);
        const causes = lost.filter(({ packets }) => packets > 0);
        const missing = frames - (got[n] ?? 0);
        expect({ current, seen: at('seen'), delivered: at('delivered'), causes }).toEqual({
          ...{ current: true, seen: frames, delivered: got[n] },
          causes: missing === 0 ? [] : [{ cause: 'unaccounted', packets: missing }],
        });
      }, patienceMs);
  });
}
