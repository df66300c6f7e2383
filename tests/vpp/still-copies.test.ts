import { findVpp } from '@taas/lab';
import { describeStillCopies } from '../scenarios/still-copies.js';

describeStillCopies('a real VPP', () => {
  const vpp = findVpp(process.env);
  if (!('path' in vpp)) throw new Error(vpp.missing);
  return { vpp };
});
