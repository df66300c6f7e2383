import { findVpp } from '@taas/lab';
import { etcdInstallHint, findEtcd } from '@taas/store/testing';
import { describeMoves } from '../scenarios/moves.js';

// Server and agents are the real programs here, so that a kill is a kill -9.
describeMoves(
  'real VPPs',
  () => {
    const vpp = findVpp(process.env);
    if (!('path' in vpp)) throw new Error(vpp.missing);
    const etcd = findEtcd();
    if (etcd === undefined) throw new Error(`no etcd on the PATH: ${etcdInstallHint}`);
    return { vpp, etcd, processes: true };
  },
  (what, gap) => console.log(`${what}: ${JSON.stringify(gap)}`),
);
