import type { Figures } from './figures.js';
import type { ScaleCloud } from './scale-cloud.js';

export interface ScenarioContext {
  readonly cloud: ScaleCloud;
  readonly figures: Figures;
  /** Changes a second, where a scenario makes some. */
  readonly churn: number;
  /** How long a scenario that could go on for ever goes on, in s. */
  readonly seconds: number;
}

export interface Scenario {
  readonly name: string;
  /** A line for --help. */
  readonly what: string;
  /** Why it cannot run on such a cloud, or null. */
  readonly unfit?: (cloud: Pick<ScaleCloud, 'etcd'>) => string | null;
  run(context: ScenarioContext): Promise<void>;
}
