import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from './run-tool.js';
import { ServiceProcess } from './service-process.js';

export interface HorizonPlace {
  readonly directory: string;
  readonly port: number;
  /** Ends in /v3. */
  readonly keystoneUrl: string;
  /** Of our dashboard. */
  readonly dashboardUrl: string;
  /** What Horizon itself lets whom do with taps, in oslo.policy's YAML. */
  readonly rules: string;
}

/** Debian's openstack-dashboard has it, and brings the rest along. */
export const horizonProgram = '/usr/share/openstack-dashboard/manage.py';

const plugin = fileURLToPath(new URL('../../../deploy/horizon', import.meta.url));

/** A Horizon with our panel in it, by Django's own server, in `place`; nothing of the machine's own Horizon is read or written. */
export function prepareHorizon(place: HorizonPlace): ServiceProcess {
  const { directory, port } = place;
  const local = join(directory, 'local');
  for (const folder of [local, join(directory, 'policy')]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(directory, 'policy', 'taas.yaml'), place.rules);
  writeFileSync(join(local, '__init__.py'), '');
  writeFileSync(join(local, 'local_settings.py'), localSettings(place));
  writeFileSync(join(directory, 'lab_settings.py'), wholeSettings);
  return new ServiceProcess({
    name: 'Horizon',
    command: '/usr/bin/python3',
    // Static files are served though it is no server for debugging.
    args: ['-m', 'django', 'runserver', '--noreload', '--insecure', `127.0.0.1:${port}`],
    cwd: directory,
    env: {
      ...cleanEnvironment(),
      PYTHONPATH: `${directory}:${plugin}`,
      PYTHONDONTWRITEBYTECODE: '1',
      DJANGO_SETTINGS_MODULE: 'lab_settings',
    },
    logFile: join(directory, 'horizon.log'),
    readyUrl: `http://127.0.0.1:${port}/static/dashboard/img/favicon.ico`,
    readyStatus: [200],
  });
}

/** As if our file lay among Horizon's own in `enabled`. */
const wholeSettings = `
from openstack_dashboard import enabled
import networking_vpp_taas_dashboard.enabled
enabled.__path__.extend(networking_vpp_taas_dashboard.enabled.__path__)
from openstack_dashboard.settings import *
`;

const localSettings = ({ directory, keystoneUrl, dashboardUrl }: HorizonPlace): string => `
DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1']
WEBROOT = '/'
LOCAL_PATH = ${JSON.stringify(directory)}
SECRET_KEY = 'only-for-this-lab'
STATIC_ROOT = ${JSON.stringify(join(directory, 'static'))}
COMPRESS_OFFLINE = False
OPENSTACK_KEYSTONE_URL = ${JSON.stringify(keystoneUrl)}
SESSION_ENGINE = 'django.contrib.sessions.backends.cache'
CACHES = {'default': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}
LOGGING = {
    'version': 1, 'disable_existing_loggers': False,
    'handlers': {'console': {'class': 'logging.StreamHandler'}},
    'root': {'handlers': ['console'], 'level': 'INFO'},
}
POLICY_DIRS = {'network': [${JSON.stringify(join(directory, 'policy'))}]}
NETWORKING_VPP_TAAS_DASHBOARD_URL = ${JSON.stringify(dashboardUrl)}
`;
