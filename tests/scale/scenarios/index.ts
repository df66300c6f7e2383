import type { Scenario } from '../scenario.js';
import { churn } from './churn.js';
import { firstStart } from './first-start.js';
import { leaderDies } from './leader-dies.js';
import { reads } from './reads.js';

/** All of them, in the order in which they are run on one cloud. */
export const scenarios: readonly Scenario[] = [firstStart, reads, churn, leaderDies];
