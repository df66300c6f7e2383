import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@taas/lab';
import { prepareKeystone } from './keystone-service.js';
import { prepareMariadb } from './mariadb-service.js';
import { type NeutronDriver, prepareNeutron } from './neutron-service.js';
import { type Identity, issueToken, type Networks, seedIdentity, seedNetworks, type UserName, users } from './seed.js';
import type { ServiceProcess } from './service-process.js';

export interface OpenStackLabOptions {
  /** With upstream's TaaS plugin in Neutron: the peer of a benchmark. Default: without, so that taps are ours alone. */
  readonly withTaas?: boolean;
  /** With that plugin and our driver in it: where `taas-server` is, or will be. A MariaDB is started, for more than one may write. */
  readonly taasServerUrl?: string;
  /** What binds ports; a MariaDB is started with it. Default: the lab's own. */
  readonly driver?: NeutronDriver;
  /** Neutron's API processes. Default: 1. */
  readonly apiWorkers?: number;
  /** What the catalog says for "network": the address of what stands in front of Neutron. Default: Neutron itself. */
  readonly networkUrl?: string;
  /** Told what is going on, with seconds since the start. */
  readonly say?: (line: string) => void;
}

/** This machine has no OpenStack; the message says how to get it. */
export class OpenStackMissingError extends Error {
  override readonly name = 'OpenStackMissingError';
}

/** What of Debian's packages is run here; their modules are found by it. */
const programs = ['keystone-manage', 'uwsgi_python3', 'neutron-server', 'openstack'].map((name) => `/usr/bin/${name}`);

/** A real Keystone and a real Neutron on loopback, with everything they have in one temporary folder. */
export interface OpenStackLab {
  readonly directory: string;
  /** Ends in /v3. */
  readonly keystoneUrl: string;
  /** Without a path. */
  readonly neutronUrl: string;
  /** What the catalog says. */
  readonly networkUrl: string;
  /** Every user's. */
  readonly password: string;
  readonly identity: Identity;
  readonly networks: Networks;
  /** To be stopped and started in a test; both keep address and data. */
  readonly keystone: ServiceProcess;
  readonly neutron: ServiceProcess;
  token(user: UserName): Promise<string>;
  /** For the `openstack` command as one of the users. */
  environment(user: UserName): NodeJS.ProcessEnv;
  /** Ends both and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts the lab, in about half a minute on two idle cores.
 * @throws OpenStackMissingError without Debian's packages; Error with the end of a log when something does not start
 */
export async function startOpenStackLab(options: OpenStackLabOptions = {}): Promise<OpenStackLab> {
  const startedAt = Date.now();
  const say = (line: string) => options.say?.(`[${((Date.now() - startedAt) / 1000).toFixed(1)} s] ${line}`);
  const missing = programs.filter((file) => !existsSync(file));
  if (missing.length > 0)
    throw new OpenStackMissingError(
      `no ${missing.join(', ')} here; \`npm run test:openstack\` installs them on Debian 12`,
    );
  const directory = mkdtempSync(join(tmpdir(), 'taas-openstack-'));
  const password = 'only-for-this-lab';
  const [keystonePort, port] = [await freePort(), await freePort()];
  const keystoneUrl = `http://127.0.0.1:${keystonePort}/v3`;
  const neutronUrl = `http://127.0.0.1:${port}`;
  const networkUrl = options.networkUrl ?? neutronUrl;
  const started: ServiceProcess[] = [];
  const run = async (name: string, prepared: Promise<ServiceProcess>): Promise<ServiceProcess> => {
    const service = await prepared;
    say(`${name} is prepared`);
    started.push(service);
    await service.start();
    say(`${name} answers`);
    return service;
  };
  const mariadb = async (): Promise<string> => {
    const { service, url } = await prepareMariadb(join(directory, 'mariadb'));
    started.push(service);
    await service.start();
    say('MariaDB answers');
    return url;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const place = { directory: join(directory, 'keystone'), port: keystonePort, password };
    const { taasServerUrl: serverUrl, withTaas = false, driver } = options;
    const taas = serverUrl === undefined ? withTaas : { serverUrl };
    const database = driver === undefined && serverUrl === undefined ? undefined : await mariadb();
    // Neutron asks Keystone at the first request only, so that both can be made at the same time.
    const both = await Promise.allSettled([
      run('Keystone', prepareKeystone(place)).then(async (keystone) => {
        const identity = await seedIdentity(keystoneUrl, password, networkUrl);
        say('Keystone has its users');
        return { keystone, identity };
      }),
      run(
        'Neutron',
        prepareNeutron({
          directory: join(directory, 'neutron'),
          ...{ port, keystonePort, password },
          taas,
          ...(driver === undefined ? {} : { driver }),
          ...(database === undefined ? {} : { database }),
          apiWorkers: options.apiWorkers ?? 1,
        }),
      ),
    ]);
    const [first, second] = both;
    if (first.status === 'rejected') throw first.reason;
    if (second.status === 'rejected') throw second.reason;
    const { keystone, identity } = first.value;
    const token = (user: UserName) => issueToken(keystoneUrl, user, password);
    const networks = await seedNetworks(neutronUrl, { acme: await token('alice'), umbrella: await token('bob') });
    say('Neutron has its ports');
    return {
      ...{ directory, keystoneUrl, neutronUrl, networkUrl, password, identity, networks, keystone, token, stop },
      neutron: second.value,
      environment: (user) => clientEnvironment(keystoneUrl, user, password),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function clientEnvironment(keystoneUrl: string, user: UserName, password: string): NodeJS.ProcessEnv {
  return {
    OS_AUTH_URL: keystoneUrl,
    OS_IDENTITY_API_VERSION: '3',
    OS_REGION_NAME: 'RegionOne',
    OS_USERNAME: user,
    OS_PASSWORD: password,
    OS_PROJECT_NAME: users[user].project,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_INTERFACE: 'public',
  };
}
