import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, runTool } from './run-tool.js';
import { ServiceProcess } from './service-process.js';

/**
 * A MariaDB of its own with an empty database `neutron`, on a Unix socket alone; nothing runs yet. SQLite has one writer, and
 * Neutron answers 500 when two of its processes write at the same time.
 */
export async function prepareMariadb(directory: string): Promise<{ service: ServiceProcess; url: string }> {
  const data = join(directory, 'data');
  mkdirSync(join(data, 'neutron'), { recursive: true });
  // Else it looks for the user mysql.
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const install = ['--no-defaults', ...user, `--datadir=${data}`, '--auth-root-authentication-method=normal'];
  await runTool('/usr/bin/mariadb-install-db', [...install, '--skip-test-db'], directory);
  const socket = join(directory, 'socket');
  const service = new ServiceProcess({
    name: 'MariaDB',
    command: '/usr/sbin/mariadbd',
    args: [
      ...['--no-defaults', ...user, `--datadir=${data}`, `--socket=${socket}`, '--skip-networking'],
      ...[`--pid-file=${join(directory, 'pid')}`, '--character-set-server=utf8'],
    ],
    cwd: directory,
    env: cleanEnvironment(),
    logFile: join(directory, 'mariadb.log'),
    readyUrl: `unix:${socket}`,
    readyStatus: [],
  });
  return { service, url: `mysql+pymysql://root@localhost/neutron?unix_socket=${socket}&charset=utf8` };
}
