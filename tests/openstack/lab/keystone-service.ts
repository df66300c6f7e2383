import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { iniText } from './ini.js';
import { cleanEnvironment, runTool } from './run-tool.js';
import { ServiceProcess } from './service-process.js';

export interface KeystonePlace {
  readonly directory: string;
  readonly port: number;
  readonly password: string;
}

/** Makes a Keystone with one administrator in `place`; nothing runs yet. About fifteen seconds. */
export async function prepareKeystone(place: KeystonePlace): Promise<ServiceProcess> {
  const { directory, port, password } = place;
  mkdirSync(directory, { recursive: true });
  const keys = (kind: string): string => {
    const folder = join(directory, `${kind}-keys`);
    mkdirSync(folder, { mode: 0o700, recursive: true });
    return folder;
  };
  const config = join(directory, 'keystone.conf');
  const database = join(directory, 'keystone.db');
  writeFileSync(
    config,
    iniText({
      DEFAULT: { use_stderr: true, transport_url: 'fake:/' },
      oslo_messaging_notifications: { driver: 'noop' },
      database: { connection: `sqlite:///${database}`, sqlite_synchronous: false },
      token: { provider: 'fernet', expiration: 14_400 },
      fernet_tokens: { key_repository: keys('fernet') },
      fernet_receipts: { key_repository: keys('fernet') },
      credential: { key_repository: keys('credential') },
      // A folder that does not exist: the machine's own policies are none of the lab's.
      oslo_policy: { policy_dirs: join(directory, 'no-policy.d') },
    }),
  );
  await useWal(database);
  const manage = (...args: string[]) =>
    runTool('/usr/bin/keystone-manage', ['--config-file', config, ...args], directory);
  const owner = ['--keystone-user', 'root', '--keystone-group', 'root'];
  await Promise.all([
    manage('db_sync'),
    manage('fernet_setup', ...owner).then(() => manage('credential_setup', ...owner)),
  ]);
  const url = `http://127.0.0.1:${port}/v3`;
  await manage(
    ...['bootstrap', '--bootstrap-username', 'admin', '--bootstrap-password', password],
    ...['--bootstrap-project-name', 'admin', '--bootstrap-role-name', 'admin'],
    ...['--bootstrap-service-name', 'keystone', '--bootstrap-region-id', 'RegionOne'],
    ...['--bootstrap-public-url', url, '--bootstrap-internal-url', url, '--bootstrap-admin-url', url],
  );
  return keystoneProcess(place, config);
}

function keystoneProcess({ directory, port }: KeystonePlace, config: string): ServiceProcess {
  const uwsgi = join(directory, 'uwsgi.ini');
  writeFileSync(
    uwsgi,
    iniText({
      uwsgi: {
        'http-socket': `127.0.0.1:${port}`,
        plugins: 'python3',
        'wsgi-file': '/usr/bin/keystone-wsgi-public',
        pyargv: `--config-file ${config}`,
        master: true,
        processes: 2,
        // SQLite's objects stay in the thread that made them.
        threads: 1,
        'enable-threads': true,
        'lazy-apps': true,
        'need-app': true,
        'die-on-term': true,
        'no-orphans': true,
        'buffer-size': 65_535,
        // uwsgi's own HTTP closes after each answer; a client with a pool must be told so.
        'add-header': 'Connection: close',
        'disable-logging': true,
      },
    }),
  );
  return new ServiceProcess({
    name: 'Keystone',
    command: '/usr/bin/uwsgi_python3',
    args: ['--ini', uwsgi],
    cwd: directory,
    env: cleanEnvironment(),
    logFile: join(directory, 'keystone.log'),
    readyUrl: `http://127.0.0.1:${port}/v3`,
    readyStatus: [200],
  });
}

/** Without it a reader that a pool keeps open blocks every commit. The mode is a property of the file. */
async function useWal(database: string): Promise<void> {
  const script = 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA journal_mode=WAL")';
  await runTool('/usr/bin/python3', ['-c', script, database], '/');
}
