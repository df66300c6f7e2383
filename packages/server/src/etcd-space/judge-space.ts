import type { MemberSpace } from '@taas/store';

export interface SpaceLimits {
  /** etcd's --quota-backend-bytes, for members that do not say. */
  readonly quotaBytes: number;
  /** The part of it that is left to networking-vpp, the agents and the compiler. */
  readonly reserve: number;
}

/**
 * - `ample`: taps can be made.
 * - `tight`: they cannot, and what they would take is left to networking-vpp; deletions go on.
 * - `full`: etcd refuses every write, ours and networking-vpp's.
 */
export type Room = 'ample' | 'tight' | 'full';

export interface Space {
  readonly room: Room;
  /** The member that is worst off. */
  readonly endpoint: string;
  readonly dbBytes: number;
  readonly inUseBytes: number;
  readonly quotaBytes: number;
  readonly alarms: readonly string[];
  /** For the operator; empty if there is nothing to do. */
  readonly advice: string;
}

/** The file may be nearly as large as the quota with plenty of free pages in it: writes fail only at its very end. */
const fileLimit = 0.95;

const order: readonly Room[] = ['ample', 'tight', 'full'];

/** How much room etcd has left: that of the member that is worst off, since one alarm stops the whole cluster. */
export function judgeSpace(members: readonly MemberSpace[], limits: SpaceLimits): Space | null {
  const judged = members.map((member) => judgeMember(member, limits));
  return judged.reduce<Space | null>((worst, each) => {
    if (worst === null) return each;
    const more = order.indexOf(each.room) - order.indexOf(worst.room) || share(each) - share(worst);
    return more > 0 ? each : worst;
  }, null);
}

const share = ({ inUseBytes, quotaBytes }: Space): number => inUseBytes / quotaBytes;

function judgeMember(member: MemberSpace, { quotaBytes: configured, reserve }: SpaceLimits): Space {
  const { endpoint, dbBytes, inUseBytes, alarms } = member;
  const quotaBytes = member.quotaBytes ?? configured;
  const facts = { endpoint, dbBytes, inUseBytes, quotaBytes, alarms };
  if (alarms.includes('NOSPACE')) {
    return { ...facts, room: 'full', advice: 'compact etcd, defragment each member, then etcdctl alarm disarm' };
  }
  if (inUseBytes >= quotaBytes * (1 - reserve)) {
    return { ...facts, room: 'tight', advice: 'compact etcd, or raise its --quota-backend-bytes' };
  }
  if (dbBytes >= quotaBytes * Math.max(fileLimit, 1 - reserve)) {
    return { ...facts, room: 'tight', advice: 'defragment each member of etcd, or raise its --quota-backend-bytes' };
  }
  return { ...facts, room: 'ample', advice: '' };
}
