import { group } from '@taas/service';
import Type, { type Static } from 'typebox';

/** How full etcd may be, and how much of its history is kept. */
export const etcdSpaceOptions = group(
  {
    history_minutes: Type.Integer({
      default: 10,
      minimum: 0,
      maximum: 10_080,
      description:
        'The leading server has etcd forget all versions of keys that are older, in minutes; it is for all users of the v3 API of ' +
        "that etcd, and does not touch the v2 API's keys. 0: etcd compacts itself (--auto-compaction-retention).",
    }),
    quota_bytes: Type.Integer({
      default: 2 * 1024 * 1024 * 1024,
      minimum: 1024 * 1024,
      maximum: 1024 * 1024 * 1024 * 1024,
      description: "etcd's --quota-backend-bytes, where etcd does not say it itself (before 3.6).",
    }),
    reserve: Type.Number({
      default: 0.2,
      minimum: 0.01,
      maximum: 0.9,
      description:
        'The part of the quota that is left to networking-vpp and the agents: with less free, taps can only be read and deleted.',
    }),
    check_ms: Type.Integer({
      default: 5000,
      minimum: 100,
      maximum: 600_000,
      description: 'Time between two polls of how full etcd is, in milliseconds.',
    }),
  },
  "etcd's space: it is shared, and when it is full nobody can write, networking-vpp neither.",
);

export type EtcdSpaceConfig = Static<typeof etcdSpaceOptions>;
