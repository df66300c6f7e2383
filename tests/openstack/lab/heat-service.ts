import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ini, iniText } from './ini.js';
import { cleanEnvironment, runTool } from './run-tool.js';
import { ServiceProcess } from './service-process.js';

export interface HeatPlace {
  readonly directory: string;
  readonly port: number;
  /** Ends in /v3. */
  readonly keystoneUrl: string;
  readonly password: string;
}

/** Debian's heat-engine and heat-api have it. */
export const heatProgram = '/usr/bin/heat-all';

const tables = fileURLToPath(new URL('./create-heat-tables.py', import.meta.url));

/** Makes a Heat, engine and API in one process without a message bus, in `place`; nothing runs yet. */
export async function prepareHeat(place: HeatPlace): Promise<ServiceProcess> {
  const { directory, port } = place;
  mkdirSync(directory, { recursive: true });
  const database = `sqlite:///${join(directory, 'heat.db')}`;
  const config = join(directory, 'heat.conf');
  writeFileSync(config, iniText(heatConf(place, database)));
  await runTool('/usr/bin/python3', [tables, database], directory);
  return new ServiceProcess({
    name: 'Heat',
    command: heatProgram,
    args: ['--config-file', config],
    cwd: directory,
    env: cleanEnvironment(),
    logFile: join(directory, 'heat.log'),
    readyUrl: `http://127.0.0.1:${port}/`,
    readyStatus: [300],
  });
}

function heatConf({ directory, port, keystoneUrl, password }: HeatPlace, database: string): Ini {
  const keystone = keystoneUrl.replace(/\/v3$/, '');
  const service = {
    auth_type: 'password',
    auth_url: keystone,
    username: 'heat',
    password,
    user_domain_name: 'Default',
  };
  return {
    DEFAULT: {
      transport_url: 'fake:/',
      use_stderr: true,
      num_engine_workers: 1,
      // Thirty-two characters, for what is kept of a stack's owner.
      auth_encryption_key: 'only-for-this-lab-only-for-this-',
      region_name_for_services: 'RegionOne',
      // Nobody calls back.
      heat_metadata_server_url: `http://127.0.0.1:${port}`,
      heat_waitcondition_server_url: `http://127.0.0.1:${port}`,
      environment_dir: join(directory, 'no-environment.d'),
      template_dir: join(directory, 'no-templates'),
    },
    // One worker is a thread of the process, in which the engine is, and the bus between the two.
    heat_all: { enabled_services: 'engine,api' },
    heat_api: { bind_host: '127.0.0.1', bind_port: port, workers: 1 },
    oslo_messaging_notifications: { driver: 'noop' },
    oslo_policy: { policy_dirs: join(directory, 'no-policy.d') },
    database: { connection: database, sqlite_synchronous: false },
    keystone_authtoken: {
      ...service,
      www_authenticate_uri: keystone,
      project_domain_name: 'Default',
      project_name: 'service',
    },
    trustee: service,
    clients_keystone: { auth_uri: keystone },
    paste_deploy: { api_paste_config: '/etc/heat/api-paste.ini', flavor: '' },
  };
}
