import { findVpp } from '@taas/lab';
import { describeBudgets } from '../scenarios/budgets.js';

describeBudgets('a real VPP', () => {
  const vpp = findVpp(process.env);
  if (!('path' in vpp)) throw new Error(vpp.missing);
  return { vpp };
});
