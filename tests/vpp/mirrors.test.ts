import { findVpp } from '@taas/lab';
import { etcdInstallHint, findEtcd } from '@taas/store/testing';
import { describeMirrors } from '../scenarios/mirrors.js';

// Server and agents are the real programs here, so that a kill is a kill -9.
describeMirrors('a real VPP', () => {
  const vpp = findVpp(process.env);
  if (!('path' in vpp)) throw new Error(vpp.missing);
  const etcd = findEtcd();
  if (etcd === undefined) throw new Error(`no etcd on the PATH: ${etcdInstallHint}`);
  return { vpp, etcd, processes: true };
});
