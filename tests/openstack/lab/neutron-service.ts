import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ini, iniText } from './ini.js';
import { cleanEnvironment, runTool } from './run-tool.js';
import { ServiceProcess } from './service-process.js';

export interface NeutronPlace {
  readonly directory: string;
  readonly port: number;
  readonly keystonePort: number;
  readonly password: string;
  /** With upstream's TaaS plugin; true: and its RPC driver, whose agents do not exist, so that every status stays DOWN; else our driver. */
  readonly taas: boolean | { readonly serverUrl: string };
  /** Default: the lab's own, {@link installBindingDriver}. */
  readonly driver?: NeutronDriver;
  /** Default: SQLite. */
  readonly database?: string;
  readonly apiWorkers: number;
}

/** A mechanism driver that binds ports in place of the lab's own. */
export interface NeutronDriver {
  /** As Neutron's option has it: found by the entry points on {@link pythonPath}. */
  readonly name: string;
  readonly pythonPath: readonly string[];
  readonly servicePlugins: readonly string[];
  /** Modules of models, whose tables it needs. */
  readonly models: readonly string[];
  /** Options of ML2's file, by section; those that are not named stay. */
  readonly ml2: Ini;
}

const rpcDriver = 'neutron_taas.services.taas.service_drivers.taas_rpc.TaasRpcDriver';
const ourDriver = fileURLToPath(new URL('../../../deploy/neutron-driver', import.meta.url));
const binding = fileURLToPath(new URL('./binding-driver.py', import.meta.url));
const tables = fileURLToPath(new URL('./create-neutron-tables.py', import.meta.url));

/** Makes a Neutron (ML2, VLAN networks, ports bound as by networking-vpp; no agents, no RabbitMQ) in `place`; nothing runs yet. About ten seconds. */
export async function prepareNeutron(place: NeutronPlace): Promise<ServiceProcess> {
  const { directory, port, taas } = place;
  mkdirSync(join(directory, 'lock'), { recursive: true });
  const pasteFile = join(directory, 'api-paste.ini');
  copyFileSync('/usr/share/neutron-common/api-paste.ini', pasteFile);
  const driver = place.driver ?? labDriver(directory);
  const pythonPath = [...driver.pythonPath, ourDriver].join(':');
  const database = place.database ?? `sqlite:///${join(directory, 'neutron.db')}`;
  const config = join(directory, 'neutron.conf');
  writeFileSync(config, iniText(neutronConf(place, database, pasteFile, driver)));
  const ml2 = join(directory, 'ml2.ini');
  writeFileSync(ml2, iniText(ml2Conf(driver)));
  const models = [...driver.models, ...(taas === false ? [] : ['neutron_taas.db.taas_db'])];
  await runTool('/usr/bin/python3', [tables, database, ...models], directory, { PYTHONPATH: pythonPath });
  return new ServiceProcess({
    name: 'Neutron',
    command: '/usr/bin/neutron-server',
    args: ['--config-file', config, '--config-file', ml2],
    cwd: directory,
    env: { ...cleanEnvironment(), PYTHONPATH: pythonPath },
    logFile: join(directory, 'neutron.log'),
    readyUrl: `http://127.0.0.1:${port}/`,
    readyStatus: [200],
  });
}

/** As a package of Python's would be: Neutron finds drivers by the entry points of what is on its path. */
function installBindingDriver(directory: string): string {
  const modules = join(directory, 'python');
  const described = join(modules, 'lab_binding-1.dist-info');
  mkdirSync(described, { recursive: true });
  copyFileSync(binding, join(modules, 'lab_binding.py'));
  writeFileSync(join(described, 'METADATA'), 'Metadata-Version: 2.1\nName: lab-binding\nVersion: 1\n');
  const entry = { 'neutron.ml2.mechanism_drivers': { lab_binding: 'lab_binding:VhostUserDriver' } };
  writeFileSync(join(described, 'entry_points.txt'), iniText(entry));
  return modules;
}

function labDriver(directory: string): NeutronDriver {
  const pythonPath = [installBindingDriver(directory)];
  return { name: 'lab_binding', pythonPath, servicePlugins: [], models: [], ml2: {} };
}

function neutronConf(place: NeutronPlace, database: string, pasteFile: string, driver: NeutronDriver): Ini {
  const { directory, port, keystonePort } = place;
  const keystone = `http://127.0.0.1:${keystonePort}`;
  return {
    DEFAULT: {
      bind_host: '127.0.0.1',
      bind_port: port,
      api_workers: place.apiWorkers,
      // At least one is started, whatever is asked.
      rpc_workers: 1,
      rpc_state_report_workers: 0,
      core_plugin: 'ml2',
      service_plugins: [...(place.taas === false ? [] : ['taas']), ...driver.servicePlugins].join(','),
      api_paste_config: pasteFile,
      state_path: directory,
      use_stderr: true,
      transport_url: 'fake:/',
      auth_strategy: 'keystone',
      graceful_shutdown_timeout: 3,
      dhcp_agent_notification: false,
      notify_nova_on_port_status_changes: false,
      notify_nova_on_port_data_changes: false,
    },
    oslo_messaging_notifications: { driver: 'noop' },
    oslo_concurrency: { lock_path: join(directory, 'lock') },
    oslo_policy: { policy_dirs: join(directory, 'no-policy.d') },
    database: { connection: database, sqlite_synchronous: false },
    keystone_authtoken: { www_authenticate_uri: keystone, ...neutronUser(place), region_name: 'RegionOne' },
    ...taasConf(place),
    quotas: { quota_network: -1, quota_subnet: -1, quota_port: -1 },
  };
}

/** As who Neutron asks others. */
const neutronUser = ({ keystonePort, password }: NeutronPlace) => ({
  auth_url: `http://127.0.0.1:${keystonePort}`,
  auth_type: 'password',
  project_domain_name: 'Default',
  user_domain_name: 'Default',
  project_name: 'service',
  username: 'neutron',
  password,
});

function taasConf(place: NeutronPlace): Ini {
  if (place.taas === false) return {};
  if (place.taas === true) return { service_providers: { service_provider: `TAAS:TAAS:${rpcDriver}:default` } };
  return {
    service_providers: { service_provider: 'TAAS:vpp:networking_vpp_taas.driver.VppTaasDriver:default' },
    taas_vpp: { server_url: place.taas.serverUrl, longest_wait: 5, ...neutronUser(place) },
  };
}

function ml2Conf({ name, ml2 }: NeutronDriver): Ini {
  const usual: Ini = {
    ml2: {
      type_drivers: 'flat,vlan,local',
      tenant_network_types: 'vlan',
      mechanism_drivers: name,
      extension_drivers: 'port_security',
    },
    ml2_type_vlan: { network_vlan_ranges: 'physnet1:100:199' },
    securitygroup: { enable_security_group: true, firewall_driver: 'noop' },
  };
  return { ...usual, ...ml2, ml2: { ...usual['ml2'], ...ml2['ml2'] } };
}
