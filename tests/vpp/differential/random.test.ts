import { findVpp } from '@taas/lab';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { observeBoth } from './both-switches.js';
import { groundwork, lastLooks, numbered, randomStep } from './random-steps.js';

const binary = findVpp(process.env);

// The same sequences each time, so that a red run is somebody's doing; others by asking for another seed, or for more.
const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? 1);
const runs = Number(process.env['DIFFERENTIAL_RUNS'] ?? 10);
/** A start of a VPP, sixty steps and a way to shrink what fails, on a machine that does other things too. */
const millisecondsEach = 60_000;

it(
  `VPP and the simulator do the same in ${runs} random sequences from seed ${seed}`,
  async () => {
    if (!('path' in binary)) throw new Error(binary.missing);
    await fc.assert(
      fc.asyncProperty(fc.array(randomStep, { minLength: 1, maxLength: 60, size: 'max' }), async (steps) => {
        const both = await observeBoth(binary, [...groundwork, ...numbered(steps), ...lastLooks]);
        fc.pre(both !== undefined);
        const { vpp, simulator } = both;
        expect(simulator.transcript, 'the simulator (+) does not do what VPP does (-)').toEqual(vpp.transcript);
      }),
      { seed, numRuns: runs, interruptAfterTimeLimit: runs * millisecondsEach },
    );
  },
  (runs + 1) * millisecondsEach,
);
