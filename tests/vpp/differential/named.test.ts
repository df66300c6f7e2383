import { findVpp } from '@taas/lab';
import { describe, expect, it } from 'vitest';
import { observeBoth } from './both-switches.js';
import { scenarios } from './scenarios/index.js';

const binary = findVpp(process.env);

for (const [about, list] of Object.entries(scenarios))
  describe(about, () => {
    for (const { name, steps } of list)
      it(name, async () => {
        if (!('path' in binary)) throw new Error(binary.missing);
        const both = await observeBoth(binary, steps);
        if (both === undefined) throw new Error('VPP may do anything in this scenario');
        const { vpp, simulator } = both;
        expect(vpp.surprises, 'VPP does not do what the scenario says').toEqual([]);
        expect(simulator.transcript, 'the simulator (+) does not do what VPP does (-)').toEqual(vpp.transcript);
      });
  });
