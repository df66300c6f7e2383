import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from './catalogue/catalogue.js';
import type { FaultCloud } from './cloud/fault-cloud.js';
import { startCloud, transportOf } from './main.js';
import { runSeed } from './run-seed.js';

/** A few runs of the harness; `npm run faults` makes as many as one likes. */
export function describeFaults(
  vpp: 'sim' | 'real',
  runs: readonly { readonly seed: number; readonly faults?: readonly string[] }[],
) {
  const transports = [...new Set(runs.map(({ seed }) => transportOf(seed)))];
  describe.each(transports)(`faults under traffic and API load, copies over %s`, (transport) => {
    let cloud: FaultCloud;
    beforeAll(async () => {
      cloud = await startCloud(vpp, transport);
    });
    afterAll(async () => {
      await cloud?.stop();
    });

    const mine = runs.filter(({ seed }) => transportOf(seed) === transport);
    it.each(mine)('seed $seed $faults', async ({ seed, faults }) => {
      const usable = catalogue.filter((fault) => fault.available(cloud) === null);
      const exactly = faults && catalogue.filter(({ name }) => faults.includes(name));
      const { broken, log } = await runSeed(cloud, seed, usable, exactly);
      const lines = broken.map(({ guarantee, how }) => `BROKEN ${guarantee}: ${how}`);
      expect(broken, [...lines, ...log].join('\n')).toEqual([]);
    });
  });
}
