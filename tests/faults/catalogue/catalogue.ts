import { agentPartitioned, serverPartitioned } from './cut-off.js';
import { etcdCompacted, etcdFull, etcdMemberKilled, leaseLost, slowDisk } from './etcd-faults.js';
import type { Fault } from './fault.js';
import { halfWrittenRecord } from './half-written.js';
import { agentKilled, clockJump, leaderKilled, programFrozen, secondAgent, serverKilled } from './killed-programs.js';
import { vppConnectionLost, vppKilled, vppLate, vppRefuses } from './vpp-faults.js';

/** Every fault that there is. Their order is part of what a seed means: new ones go to the end. */
export const catalogue: readonly Fault[] = [
  ...[agentKilled, serverKilled, leaderKilled, programFrozen, etcdMemberKilled, vppKilled],
  ...[agentPartitioned, serverPartitioned, etcdCompacted, etcdFull, slowDisk, clockJump, leaseLost],
  ...[halfWrittenRecord, vppRefuses, vppLate, vppConnectionLost, secondAgent],
];
