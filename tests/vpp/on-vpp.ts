import { findVpp } from '@taas/lab';
import { etcdInstallHint, findEtcd } from '@taas/store/testing';
import { it } from 'vitest';
import { type ScenarioName, scenarios } from '../scenarios/index.js';
import type { Place, Scenario } from '../scenarios/scenario.js';
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

export const realVpp: Place = { name: 'a real VPP', kind: 'real', settings, report: (line) => console.log(line) };

/** Declares a scenario's tests on real VPPs; where the VPP that is there is too old for them, one that says why not. */
export async function onVpp(name: ScenarioName): Promise<void> {
  const scenario: Scenario = scenarios[name];
  const vpp = findVpp(process.env);
  if (scenario.since && 'path' in vpp && isBefore(vpp.version, scenario.since.release))
    it.skip(`${name}: VPP ${vpp.version} is older than ${scenario.since.release}: ${scenario.since.why}`, () =>
      undefined);
  else await scenario.describe(realVpp);
}

/** @param version as VPP says it: v20.09-release */
function isBefore(version: string, release: string): boolean {
  const month = (text: string) => Number(/(\d+)\.(\d+)/.exec(text)?.slice(1, 3).join('') ?? Number.NaN);
  return month(version) < month(release);
}
