import { keys } from '@taas/model';
import { always, type Fault } from './fault.js';

export const etcdMemberKilled: Fault = {
  name: 'etcd-member-killed',
  what: 'kill -9 of one of three members of etcd, the leading one as likely as not; started again later',
  available: always,
  inject: async ({ cloud }, random) => {
    const { members } = cloud.etcd;
    const n = random.chance(0.5) ? await cloud.etcd.leader() : random.int(0, members.length - 1);
    await members[n]?.kill();
    return { on: `member ${n}`, heal: async () => members[n]?.start() };
  },
};

export const etcdCompacted: Fault = {
  name: 'etcd-compacted',
  what: 'watches are cut off, and the history that they would go on from is compacted meanwhile',
  available: always,
  inject: async ({ cloud }, random) => {
    const hit = random.shuffled(cloud.programs).slice(0, random.int(1, cloud.programs.length));
    const relays = hit.flatMap(({ etcd }) => etcd);
    for (const relay of relays) relay.cut();
    await cloud.etcd.compact();
    return {
      on: hit.map(({ name }) => name).join(', '),
      heal: async () => {
        await cloud.etcd.compact();
        for (const relay of relays) relay.heal();
      },
    };
  },
};

export const etcdFull: Fault = {
  name: 'etcd-full',
  what: 'etcd is filled to its quota and takes no more; later compacted, defragmented, its alarm cleared',
  available: always,
  inject: async ({ cloud }) => {
    await cloud.etcd.fill();
    return { on: 'all members', heal: () => cloud.etcd.relieve() };
  },
};

export const slowDisk: Fault = {
  name: 'slow-disk',
  what: 'members of etcd stand still for fractions of a second, over and over (SIGSTOP), as they do on a disk that is slow to sync',
  available: always,
  inject: async ({ cloud }, random) => {
    const members = random.shuffled(cloud.etcd.members).slice(0, random.int(1, 3));
    const pauses = Array.from({ length: 8 }, () => random.int(50, 400));
    const over = new AbortController();
    const stalling = (async () => {
      for (let n = 0; !over.signal.aborted; n++) {
        for (const member of members) member.pause();
        await cloud.clock.sleep(pauses[n % pauses.length] ?? 100);
        for (const member of members) member.resume();
        await cloud.clock.sleep(100);
      }
    })();
    return {
      on: `${members.length} members`,
      heal: async () => {
        over.abort();
        await stalling;
      },
    };
  },
};

export const leaseLost: Fault = {
  name: 'lease-lost',
  what: "the lease of an agent or of the leading server is revoked behind its holder's back",
  available: always,
  inject: async ({ cloud }, random) => {
    const key = random.pick([keys.leader, ...cloud.nodes.map(({ name }) => keys.agent(name))]);
    const lease = await cloud.etcd.leaseOf(key);
    // Nobody holds it now if another fault was faster.
    if (lease !== undefined && lease !== '0') await cloud.etcd.revoke(lease);
    return { on: key, heal: async () => undefined };
  },
};
