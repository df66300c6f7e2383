import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { iniText } from './ini.js';
import type { OpenStackLab } from './openstack-lab.js';
import { cleanEnvironment } from './run-tool.js';

/** Debian's Tempest with Neutron's plugin of it: the tests that upstream runs. @returns what it printed, whatever came of it */
export async function runTempest(lab: OpenStackLab, module: string): Promise<string> {
  const directory = join(lab.directory, 'tempest');
  mkdirSync(join(directory, 'lock'), { recursive: true });
  writeFileSync(join(directory, 'tempest.conf'), iniText(tempestConf(lab, directory)));
  const env = { ...cleanEnvironment(), TEMPEST_CONFIG_DIR: directory, TEMPEST_CONFIG: 'tempest.conf' };
  return new Promise((resolve) => {
    const command = ['-W', 'ignore', '-m', 'unittest', '-v', module];
    execFile('/usr/bin/python3', command, { cwd: directory, env, timeout: 280_000 }, (_, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    );
  });
}

const tempestConf = (lab: OpenStackLab, directory: string) => ({
  DEFAULT: { log_file: join(directory, 'tempest.log'), use_stderr: false },
  oslo_concurrency: { lock_path: join(directory, 'lock') },
  auth: {
    admin_username: 'admin',
    admin_password: lab.password,
    admin_project_name: 'admin',
    admin_domain_name: 'Default',
    // It makes users and projects of its own, and takes them away.
    use_dynamic_credentials: true,
    // Of an external network, which there is none of.
    create_isolated_networks: false,
    tempest_roles: 'member',
  },
  identity: { uri_v3: lab.keystoneUrl, auth_version: 'v3', region: 'RegionOne' },
  network: { public_network_id: '', region: 'RegionOne' },
  'network-feature-enabled': { api_extensions: 'taas,taas-vlan-filter', ipv6: false },
  service_available: { neutron: true, nova: false, glance: false, cinder: false, swift: false, horizon: false },
});
