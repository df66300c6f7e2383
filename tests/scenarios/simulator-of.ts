import { type LabSwitch, SimSwitch } from '@taas/lab';
import type { Simulator } from 'vpp-sim';

/** The inside of a simulated switch. @throws Error for a real VPP, which nobody can look into */
export function simulatorOf(lab: LabSwitch): Simulator {
  if (!(lab instanceof SimSwitch)) throw new Error(`${lab.description} is not simulated`);
  return lab.simulator;
}
