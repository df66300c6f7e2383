import { findVpp } from '@taas/lab';
import { describeFilters } from '../scenarios/filters.js';

describeFilters('a real VPP', () => {
  const vpp = findVpp(process.env);
  if (!('path' in vpp)) throw new Error(vpp.missing);
  return { vpp, lists: 10 };
});
