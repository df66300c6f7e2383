import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabSwitch, RealSwitch, SimSwitch, type VppBinary } from '@taas/lab';
import { systemClock } from '@taas/service';
import type { Step } from './step.js';
import { type Observation, observe } from './trial.js';

export interface BothObservations {
  readonly vpp: Observation;
  readonly simulator: Observation;
}

/** The same steps on a VPP and on a simulator, both started for them and stopped after. */
export async function observeBoth(binary: VppBinary, steps: readonly Step[]): Promise<BothObservations> {
  const vpp = await onFresh(async (directory) => {
    const real = new RealSwitch(binary, directory, 'differential', systemClock);
    await real.start();
    return real;
  }, steps);
  const simulator = await onFresh((directory) => SimSwitch.start(directory, 'differential'), steps);
  return { vpp, simulator };
}

async function onFresh(start: (directory: string) => Promise<LabSwitch>, steps: readonly Step[]): Promise<Observation> {
  const directory = mkdtempSync(join(tmpdir(), 'taas-diff-'));
  try {
    const on = await start(directory);
    try {
      return await observe(on, steps);
    } finally {
      await on.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
