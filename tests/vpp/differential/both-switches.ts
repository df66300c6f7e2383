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

/**
 * The same steps on a VPP and on a simulator, both started for them and stopped after. Undefined where VPP reads beside a
 * table, and may die of it: no VPP is asked then.
 */
export async function observeBoth(binary: VppBinary, steps: readonly Step[]): Promise<BothObservations | undefined> {
  let isDefined = true;
  const simulator = await onFresh(
    (directory) => SimSwitch.start(directory, 'differential'),
    steps,
    (on) => {
      isDefined = on.simulator.undefinedFrames === 0;
    },
  );
  if (!isDefined) return undefined;
  const vpp = await onFresh(async (directory) => {
    const real = new RealSwitch(binary, directory, 'differential', systemClock);
    await real.start();
    return real;
  }, steps);
  return { vpp, simulator };
}

async function onFresh<S extends LabSwitch>(
  start: (directory: string) => Promise<S>,
  steps: readonly Step[],
  after: (on: S) => void = () => undefined,
): Promise<Observation> {
  const directory = mkdtempSync(join(tmpdir(), 'taas-diff-'));
  try {
    const on = await start(directory);
    try {
      const observation = await observe(on, steps);
      after(on);
      return observation;
    } finally {
      await on.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
