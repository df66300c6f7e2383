import { findVpp } from '@taas/lab';
import { describeCollectorLink } from '../scenarios/collector-link.js';

describeCollectorLink('a real VPP', () => {
  const vpp = findVpp(process.env);
  if (!('path' in vpp)) throw new Error(vpp.missing);
  return { vpp };
});
