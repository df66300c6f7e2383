import type { MemberSpace } from '@taas/store';
import { describe, expect, it } from 'vitest';
import { judgeSpace } from './judge-space.js';
import { PastRevisions } from './past-revisions.js';

const member = (more: Partial<MemberSpace> = {}): MemberSpace => ({
  ...{ endpoint: 'http://a', dbBytes: 100, inUseBytes: 50, quotaBytes: null, alarms: [], revision: 1 },
  ...more,
});
const limits = { quotaBytes: 1000, reserve: 0.2 };
const roomOf = (...members: MemberSpace[]) => judgeSpace(members, limits)?.room;

describe('how much room etcd has', () => {
  it('is known of no member: nothing is known', () => expect(judgeSpace([], limits)).toBeNull());

  it.each<[string, Partial<MemberSpace>, string]>([
    ['little is used', {}, 'ample'],
    ['one byte below the reserve', { dbBytes: 900, inUseBytes: 799 }, 'ample'],
    ['the reserve begins', { dbBytes: 900, inUseBytes: 800 }, 'tight'],
    ['free pages are used before the file grows', { dbBytes: 949, inUseBytes: 10 }, 'ample'],
    ['the file itself is nearly as large as the quota', { dbBytes: 950, inUseBytes: 10 }, 'tight'],
    ['the alarm is raised, however much is free', { alarms: ['NOSPACE'] }, 'full'],
    ['another alarm', { alarms: ['CORRUPT'] }, 'ample'],
    ["the member's own quota counts", { quotaBytes: 60 }, 'tight'],
  ])('%s', (_what, more, room) => expect(roomOf(member(more))).toBe(room));

  it('is that of the member that is worst off', () => {
    expect(roomOf(member(), member({ inUseBytes: 900, dbBytes: 900 }))).toBe('tight');
    expect(roomOf(member({ inUseBytes: 900, dbBytes: 900 }), member())).toBe('tight');
    expect(roomOf(member({ inUseBytes: 900, dbBytes: 900 }), member({ alarms: ['NOSPACE'] }))).toBe('full');
  });
});

describe('past revisions', () => {
  it('are the latest that are old enough, and none before that', () => {
    const past = new PastRevisions(100);
    expect(past.before(0)).toBeNull();
    past.note(0, 5);
    past.note(50, 5);
    past.note(60, 9);
    expect(past.before(99)).toBeNull();
    expect(past.before(100)).toBe(5);
    past.note(160, 20);
    expect(past.before(160)).toBe(9);
    past.note(1000, 20);
    expect(past.before(1000)).toBe(20);
  });
});
