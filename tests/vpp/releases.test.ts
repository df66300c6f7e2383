import { findVpp } from '@taas/lab';
import { etcdInstallHint, findEtcd } from '@taas/store/testing';
import { describeRelease } from '../scenarios/releases.js';

const vpp = findVpp(process.env);
// Server and agents are the real programs here: the agent finds VPP's API files as an operator names them.
describeRelease('path' in vpp ? vpp.version : 'missing', () => {
  if (!('path' in vpp)) throw new Error(vpp.missing);
  const etcd = findEtcd();
  if (etcd === undefined) throw new Error(`no etcd on the PATH: ${etcdInstallHint}`);
  const [, year = '0', month = '0'] = /^v?(\d+)\.(\d+)/.exec(vpp.version) ?? [];
  return { vpp, etcd, processes: true, greKeys: Number(year) * 100 + Number(month) >= 2510 };
});
