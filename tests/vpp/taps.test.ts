import { findVpp } from '@taas/lab';
import { describeTaps } from '../scenarios/taps.js';

describeTaps('a real VPP', () => {
  const vpp = findVpp(process.env);
  if (!('path' in vpp)) throw new Error(vpp.missing);
  return { vpp };
});
