import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTestpmd, findVpp, testpmdInstallHint, type VppBinary } from '@taas/lab';
import { findEtcd } from '@taas/store/testing';
import { cleanEnvironment, runTool } from '../../openstack/lab/run-tool.js';

/** All that these tests need of this machine, as it was found. */
export interface NetworkingVpp {
  /** The operator's checkout; it is read and never written. */
  readonly checkout: string;
  readonly vpp: VppBinary;
  /** Folders of VPP's Python client and of its `*.api.json` files. */
  readonly papi: string;
  readonly apiFiles: string;
  readonly testpmd: string;
}

const here = fileURLToPath(new URL('..', import.meta.url));
const describing = join(here, 'checkout', 'describe-checkout.py');
const modules = join(here, 'neighbour');

/** What its agent and driver import that Neutron does not bring along, by Debian's names. */
const libraries = {
  etcd: 'python3-etcd',
  pyinotify: 'python3-pyinotify',
  OpenSSL: 'python3-openssl',
  jwt: 'python3-jwt',
};

/** Finds it all, or says what is missing and how to get it. */
export function findNetworkingVpp(env: NodeJS.ProcessEnv): NetworkingVpp | { readonly missing: string } {
  const checkout = env['NETWORKING_VPP'];
  if (!checkout)
    return { missing: 'NETWORKING_VPP is not set: it names a checkout of networking-vpp, 20.09-rc0 (commit 9028203)' };
  if (!existsSync(join(checkout, 'networking_vpp', 'mech_vpp.py')))
    return { missing: `there is no networking_vpp/mech_vpp.py below NETWORKING_VPP (${checkout})` };
  const vpp = findVpp(env);
  if (!('path' in vpp)) return vpp;
  const prefix = dirname(dirname(vpp.path));
  const papi = first([env['VPP_PAPI'], join(prefix, 'lib/python3/dist-packages')], 'vpp_papi/vpp_papi.py');
  if (papi === undefined)
    return { missing: `no vpp_papi beside ${vpp.path}: VPP_PAPI names its folder, src/vpp-api/python of VPP's source` };
  const apiFiles = first([env['VPP_API_FILES'], join(prefix, 'share/vpp/api')], '');
  if (apiFiles === undefined)
    return { missing: `no share/vpp/api beside ${vpp.path}: VPP_API_FILES names the folder of its *.api.json files` };
  const testpmd = findTestpmd(env);
  if (testpmd === undefined) return { missing: `no dpdk-testpmd on the PATH: ${testpmdInstallHint}` };
  if (findEtcd() === undefined) return { missing: 'no etcd on the PATH' };
  if (!existsSync('/usr/bin/neutron-server'))
    return { missing: 'no Neutron: `npm run test:networking-vpp` installs it on Debian 12' };
  for (const [module, name] of Object.entries(libraries))
    if (spawnSync('/usr/bin/python3', ['-c', `import ${module}`], { env: cleanEnvironment() }).status !== 0)
      return { missing: `Python has no ${module}: apt-get install ${name}` };
  return { checkout, vpp, papi, apiFiles, testpmd };
}

function first(folders: readonly (string | undefined)[], file: string): string | undefined {
  return folders.find((folder) => folder !== undefined && folder !== '' && existsSync(join(folder, file)));
}

/**
 * Where Python finds networking-vpp, with the entry points of one that is installed, and VPP's client.
 * @param directory of the lab; what describes the checkout is written there
 */
export async function pythonPathOf({ checkout, papi }: NetworkingVpp, directory: string): Promise<readonly string[]> {
  const described = join(directory, 'networking-vpp-described');
  await runTool('/usr/bin/python3', [describing, described, checkout, 'networking_vpp_on_zed'], directory);
  return [described, modules, checkout, papi];
}

export const runAgent = join(modules, 'run-agent.py');
