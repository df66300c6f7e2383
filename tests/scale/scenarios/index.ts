import type { Scenario } from '../scenario.js';
import { bigTenant } from './big-tenant.js';
import { churn } from './churn.js';
import { etcdLeader } from './etcd-leader.js';
import { evacuation } from './evacuation.js';
import { firstStart } from './first-start.js';
import { flap } from './flap.js';
import { leaderDies } from './leader-dies.js';
import { mixedVersions } from './mixed-versions.js';
import { reads } from './reads.js';
import { reconnect } from './reconnect.js';

/** All of them, in the order in which they are run on one cloud. */
export const scenarios: readonly Scenario[] = [
  ...[firstStart, reads, churn, leaderDies, reconnect, flap, mixedVersions, evacuation, bigTenant, etcdLeader],
];
