import { findVpp } from '@taas/lab';
import { describeBrokenMirrors } from '../scenarios/broken-mirrors.js';
import { describeBrokenTaps } from '../scenarios/broken-taps.js';
import type { LabSettings } from '../scenarios/tap-lab.js';

const settings = (): LabSettings => {
  const vpp = findVpp(process.env);
  if (!('path' in vpp)) throw new Error(vpp.missing);
  return { vpp };
};

describeBrokenTaps('a real VPP', settings);
describeBrokenMirrors('a real VPP', settings);
