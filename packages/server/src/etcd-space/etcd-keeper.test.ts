import type { Clock, LogFields, Logger } from '@taas/service';
import { type MemberSpace, type StoreCare, StoreError } from '@taas/store';
import { beforeEach, describe, expect, it } from 'vitest';
import { EtcdKeeper } from './etcd-keeper.js';

const never = new AbortController().signal;
let now: number;
let member: MemberSpace;
let compacted: number[];
let failure: Error | null;
let published: string[];

const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => new Promise(() => undefined) };
const logger: Logger = {
  ...{ debug: () => undefined, info: note, warn: note, error: note, child: () => logger },
};
function note(_fields: LogFields, message: string): void {
  published.push(message);
}
const failing = (): void => {
  if (failure !== null) throw failure;
};
const care: StoreCare = {
  space: async () => {
    failing();
    return [member];
  },
  compact: async (revision) => {
    failing();
    compacted.push(revision);
  },
  forgotten: async () => compacted.length > 0,
};
const keeperOf = (historyMs = 1000) =>
  new EtcdKeeper({
    ...{ care, clock, logger, checkMs: 100, historyMs, limits: { quotaBytes: 1000, reserve: 0.2 } },
  });

beforeEach(() => {
  now = 0;
  member = { endpoint: 'http://a', dbBytes: 500, inUseBytes: 100, quotaBytes: null, alarms: [], revision: 7 };
  [compacted, failure, published] = [[], null, []];
});

describe('room', () => {
  it('refuses creations while etcd is nearly full, and no longer', async () => {
    const keeper = keeperOf();
    await keeper.look(never);
    keeper.checkRoom();
    member = { ...member, dbBytes: 900, inUseBytes: 900 };
    await keeper.look(never);
    expect(keeper.checkRoom).toThrow(/nearly full/);
    expect(keeper.facts()['etcd_space']).toMatchObject({ room: 'tight', in_use_bytes: 900, quota_bytes: 1000 });
    member = { ...member, inUseBytes: 100 };
    await keeper.look(never);
    keeper.checkRoom();
    expect(published).toEqual(['etcd has room', 'etcd is nearly full or full', 'etcd has room']);
  });

  it('what was known of an etcd that does not answer still counts', async () => {
    const keeper = keeperOf();
    member = { ...member, alarms: ['NOSPACE'] };
    await keeper.look(never);
    failure = new StoreError('unavailable', 'gone');
    await keeper.look(never);
    expect(keeper.checkRoom).toThrow(/nearly full/);
  });

  it('that cannot be seen is said, and refuses nobody', async () => {
    failure = new StoreError('denied', 'only root may ask');
    const keeper = keeperOf();
    await keeper.look(never);
    keeper.checkRoom();
    expect(keeper.facts()['etcd_space']).toEqual({ room: 'unknown', problem: 'only root may ask' });
  });
});

describe('history', () => {
  it('is forgotten when it is old enough, each revision once', async () => {
    const keeper = keeperOf();
    await keeper.look(never);
    await keeper.compact(never);
    expect(compacted).toEqual([]);
    [now, member] = [600, { ...member, revision: 9 }];
    await keeper.look(never);
    now = 1000;
    await keeper.compact(never);
    await keeper.compact(never);
    expect(compacted).toEqual([7]);
    now = 1600;
    await keeper.look(never);
    await keeper.compact(never);
    expect(compacted).toEqual([7, 9]);
  });

  it('that may not be compacted is said once, with what to do', async () => {
    const keeper = keeperOf();
    await keeper.look(never);
    now = 1000;
    failure = new StoreError('denied', 'permission denied');
    await keeper.compact(never);
    await keeper.compact(never);
    expect(published.filter((line) => /auto-compaction-retention/.test(line))).toHaveLength(1);
    expect(keeper.facts()['etcd_history']).toMatchObject({ problem: 'permission denied' });
  });

  it('that nobody compacts is said where etcd should', async () => {
    const keeper = keeperOf(0);
    await keeper.look(never);
    expect(keeper.facts()['etcd_history']).toMatchObject({ advice: expect.stringMatching(/retention/) });
    await care.compact(1);
    await keeper.look(never);
    expect(keeper.facts()['etcd_history']).toEqual({ compaction: 'by etcd' });
  });
});
