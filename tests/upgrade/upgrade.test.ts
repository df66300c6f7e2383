import { findVpp } from '@taas/lab';
import { it } from 'vitest';
import { simulator } from '../e2e/on-simulator.js';
import { realVpp } from '../vpp/on-vpp.js';
import { describeUpgrade } from './describe-upgrade.js';
import { findEarlier } from './earlier.js';

const earlier = findEarlier(process.env);
const vpp = findVpp(process.env);
if ('missing' in earlier) it.skip(`an upgrade: ${earlier.missing}`, () => undefined);
else {
  describeUpgrade(simulator, earlier.root);
  if ('path' in vpp) describeUpgrade(realVpp, earlier.root);
  else it.skip(`an upgrade on a real VPP: ${vpp.missing}`, () => undefined);
}
