import type { Step } from './step.js';

/** Steps that show one behaviour of VPP, with what VPP does written into them. */
export interface Scenario {
  /** What VPP does. */
  readonly name: string;
  readonly steps: readonly Step[];
}

export function scenario(name: string, ...steps: readonly Step[]): Scenario {
  return { name, steps };
}
