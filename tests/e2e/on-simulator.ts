import { type ScenarioName, scenarios } from '../scenarios/index.js';
import type { Place } from '../scenarios/scenario.js';

export const simulator: Place = {
  name: 'the simulator',
  kind: 'simulated',
  settings: () => ({ switch: 'simulated' }),
  report: () => undefined,
};

/** Declares a scenario's tests on simulators, with all in this process where the scenario does not say otherwise. */
export function onSimulator(name: ScenarioName): Promise<void> {
  return scenarios[name].describe(simulator);
}
