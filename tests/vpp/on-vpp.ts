import { findVpp } from '@taas/lab';
import { etcdInstallHint, findEtcd } from '@taas/store/testing';
import { type ScenarioName, scenarios } from '../scenarios/index.js';
import type { Place } from '../scenarios/scenario.js';
import type { LabSettings } from '../scenarios/tap-lab.js';

/** @throws Error when there is no VPP, or no etcd where programs need one: a test that asks for them then fails */
function settings(programs: boolean): LabSettings {
  const vpp = findVpp(process.env);
  if (!('path' in vpp)) throw new Error(vpp.missing);
  if (!programs) return { switch: vpp };
  const etcd = findEtcd();
  if (etcd === undefined) throw new Error(`no etcd on the PATH: ${etcdInstallHint}`);
  return { switch: vpp, store: { etcd: { command: etcd } }, process: 'programs' };
}

const realVpp: Place = { name: 'a real VPP', kind: 'real', settings, report: (line) => console.log(line) };

/** Declares a scenario's tests on real VPPs. */
export function onVpp(name: ScenarioName): Promise<void> {
  return scenarios[name].describe(realVpp);
}
