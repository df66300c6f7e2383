import { randomUUID } from 'node:crypto';
import {
  ConfigError,
  FileWatch,
  loadConfig,
  type ProgramOptions,
  silentLogger,
  systemClock,
  UsageError,
} from '@taas/service';
import { openEtcd, openEtcdV2 } from '@taas/store';
import { openKeystone, openNeutron } from './cloud.js';
import { checkServerConfig, type ServerConfig, serverConfigSchema } from './config.js';
import { networkingVppEtcd } from './config-networking-vpp.js';
import { type Meaning, type MigrationPlan, meanings, planMigration } from './migrate/plan-migration.js';
import { readOldTaps } from './migrate/read-old-taps.js';
import { MigrationReport } from './migrate/report.js';
import { Migration } from './migration.js';
import { openServerFiles } from './server-files.js';
import { openServerTrust } from './server-trust.js';

const help = `
taas-migrate --config FILE [--apply] [--meaning copied|asked]

Makes taps of this TaaS out of those of networking-vpp's own TaaS, as its driver has them in etcd, with their ids and projects.
Nothing of networking-vpp's is changed, and without --apply nothing at all. Can be run again and again: what was made is there.

  --config FILE   the configuration of taas-server; networking_vpp.bindings has to be etcd-v2
  --apply         makes them; without it, says what would be made, and what would be refused
  --meaning M     copied (default): what networking-vpp has copied; it takes IN for OUT, and copies everything whatever
                  vlan_filter says. asked: what the tap flows say
  --help          this text
  --version       the version

A line a tap: state (make, made, there, refused, failed), kind, id, and what there is to say; of one that is there, its status.
Exit code: 0 all was made or is there, 1 something failed and may be tried again, 2 wrong use or configuration,
3 some taps cannot be moved. docs/how-to/migrate-from-networking-vpp-taas.md tells what to do with it.
`;

/** The program `taas-migrate`; its bin hands it to `runProgram`. */
export const migrateProgram: ProgramOptions = {
  name: 'taas-migrate',
  version: '0.1.0',
  help,
  flags: {
    config: { type: 'string' },
    apply: { type: 'boolean', default: false },
    meaning: { type: 'string', default: 'copied' },
  },
  main: async (flags, stop) => {
    const file = flags['config'];
    if (typeof file !== 'string') throw new UsageError('--config FILE is missing');
    const meaning = meanings.find((each) => each === flags['meaning']);
    if (meaning === undefined) throw new UsageError('--meaning is copied or asked');
    const config = checkServerConfig(loadConfig(serverConfigSchema, file), file);
    checkForMigration(config, file);
    return migrate(config, { file, meaning, apply: flags['apply'] === true }, stop);
  },
};

/** Besides what a server asks for. @throws ConfigError */
function checkForMigration({ auth, networking_vpp: networkingVpp }: ServerConfig, file: string): void {
  const problems: string[] = [];
  if (networkingVpp.bindings !== 'etcd-v2')
    problems.push('option "networking_vpp.bindings": has to be etcd-v2, where networking-vpp\'s records are');
  if (auth.mode === 'closed')
    problems.push('option "auth.mode": nobody can be asked whose ports are; configure keystone first');
  if (problems.length > 0) throw new ConfigError(file, problems);
}

interface Wish {
  readonly file: string;
  readonly meaning: Meaning;
  readonly apply: boolean;
}

/** @throws ConfigError if copies of both would travel by the same VLANs */
function checkSegments({ vlans }: MigrationPlan, config: ServerConfig, file: string): void {
  const problems = config.segments.flatMap(({ type, first, last }, n) => {
    const shared = type === 'vlan' ? vlans.filter((each) => each >= first && each <= last) : [];
    const shown = `${shared.slice(0, 5).join(', ')}${shared.length > 5 ? ' and others' : ''}`;
    return shared.length === 0
      ? []
      : [
          `option "segments.${n}": networking-vpp's TaaS holds VLAN ids ${shown} of it; reserve others until its taps are gone`,
        ];
  });
  if (problems.length > 0) throw new ConfigError(file, problems);
}

async function migrate(config: ServerConfig, wish: Wish, stop: AbortSignal): Promise<number> {
  const [clock, logger, random] = [systemClock, silentLogger, Math.random];
  const watch = new FileWatch({ clock, logger, source: wish.file });
  const files = openServerFiles(config, watch, wish.file, logger);
  const deps = { clock, logger, random, files: watch };
  const ending = new AbortController();
  const trust = openServerTrust(config, wish.file, openEtcd(config.etcd, wish.file, deps), deps);
  const onStop = () => ending.abort(stop.reason);
  const onUnprotected = () => ending.abort(trust.unprotected.reason);
  stop.addEventListener('abort', onStop, { once: true });
  trust.unprotected.addEventListener('abort', onUnprotected, { once: true });
  const { etcd, at } = networkingVppEtcd(config);
  const follower = trust.v2(openEtcdV2(etcd, at, wish.file, deps));
  const cloud = { clock, random, logger };
  const keystone = files.credentials
    ? openKeystone(config.auth.keystone, files.credentials, files.keystoneCa, cloud)
    : null;
  const neutron =
    keystone && config.neutron.url !== ''
      ? openNeutron(config.neutron, keystone.serviceTokens, files.neutronCa, cloud)
      : null;
  const background = [trust.keep(ending.signal)];
  try {
    const plan = planMigration(await readOldTaps(follower, ending.signal), wish.meaning);
    checkSegments(plan, config, wish.file);
    const migration = new Migration({
      config,
      store: trust.store,
      neutron: neutron?.client ?? null,
      clock,
      newId: randomUUID,
      signal: ending.signal,
      follow: (following) => void background.push(following),
    });
    const report = new MigrationReport((line) => process.stdout.write(`${line}\n`), wish.apply);
    await migration.run(plan, wish.apply, report);
    return report.end();
  } finally {
    ending.abort();
    await Promise.all(background);
    follower.close();
    neutron?.http.close();
    keystone?.http.close();
    await trust.store.close();
  }
}
