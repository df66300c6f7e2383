import {
  authoritiesSource,
  type Clock,
  ConfigError,
  type FileSource,
  FileWatch,
  group,
  isInTheClear,
  keyPairSource,
  type Logger,
  secretSource,
  type Watched,
} from '@taas/service';
import Type, { type Static } from 'typebox';
import type { EtcdTlsMaterial } from './etcd-connection.js';
import type { EtcdCredentials, EtcdStoreOptions } from './etcd-options.js';
import type { EtcdToCheck } from './etcd-protection.js';
import { createEtcdStore, type EtcdStore } from './etcd-store.js';
import { StoreError } from './store-error.js';
import { createV2Follower, type V2Follower } from './v2-follower.js';

/** The options of a program that say how to reach etcd; `etcd:` in its configuration file. */
export const etcdOptions = group(
  {
    endpoints: Type.Array(Type.String(), {
      default: ['http://127.0.0.1:2379'],
      minItems: 1,
      description: 'The members of the etcd cluster that networking-vpp uses, as http(s)://host:port.',
    }),
    user: Type.Optional(Type.String({ minLength: 1, description: 'etcd user; goes with password_file.' })),
    password_file: Type.Optional(
      Type.String({ minLength: 1, description: "File that holds the etcd user's password and nothing else." }),
    ),
    ca_file: Type.Optional(Type.String({ minLength: 1, description: "PEM file of the CA of etcd's certificates." })),
    cert_file: Type.Optional(Type.String({ minLength: 1, description: 'PEM file of our client certificate.' })),
    key_file: Type.Optional(Type.String({ minLength: 1, description: 'PEM file of the key of cert_file.' })),
    timeout_ms: Type.Integer({
      default: 3000,
      minimum: 100,
      maximum: 60_000,
      description: 'Time for one attempt of a call at one endpoint, in milliseconds.',
    }),
    allow_unprotected: Type.Boolean({
      default: false,
      description:
        'Start although anybody may write to this etcd (no authentication) and values in it are not signed: then anybody may ' +
        'have any port copied anywhere.',
    }),
  },
  'The store.',
);
export type EtcdConfig = Static<typeof etcdOptions>;

/**
 * What a schema cannot say of the options: a sentence for each that is wrong.
 * @param at where in the configuration they stand
 */
export function etcdProblems(etcd: EtcdConfig, at = 'etcd'): string[] {
  const found: string[] = [];
  if ((etcd.user === undefined) !== (etcd.password_file === undefined))
    found.push(`options "${at}.user" and "${at}.password_file" go together`);
  if ((etcd.cert_file === undefined) !== (etcd.key_file === undefined))
    found.push(`options "${at}.cert_file" and "${at}.key_file" go together`);
  if (etcd.user !== undefined)
    for (const endpoint of etcd.endpoints) {
      // A bare host:port is https when there are certificates to check it with, or to show.
      const secure = etcd.ca_file !== undefined || etcd.cert_file !== undefined;
      const url = endpoint.includes('://') ? endpoint : `${secure ? 'https' : 'http'}://${endpoint}`;
      if (isInTheClear(url))
        found.push(
          `option "${at}.password_file": the password would go to ${endpoint} in the clear; use https, or an etcd on a loopback address`,
        );
    }
  return found;
}

export interface OpenEtcdDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** Watches password and certificates; without, they are read once. */
  readonly files?: FileWatch;
}

/** How to reach the etcd of the options, to ask whether it is protected. @throws ConfigError as {@link openEtcd} */
export function etcdToCheck(
  etcd: EtcdConfig,
  how: { readonly at: string; readonly api: 'v2' | 'v3'; readonly signing: string },
  source: string,
  deps: OpenEtcdDeps,
): EtcdToCheck {
  // Asked seldom: the files are read each time, and nobody has to look whether they change.
  const { files: _, ...once } = deps;
  const read = () => storeOptions(etcd, how.at, source, once);
  read();
  return {
    ...how,
    get options() {
      return read();
    },
  };
}

/**
 * The store that the options describe; nothing is sent yet.
 * @param source names the configuration in an error
 * @throws ConfigError for an endpoint that is none, and when a file that the options name cannot be read
 */
export function openEtcd(etcd: EtcdConfig, source: string, deps: OpenEtcdDeps): EtcdStore {
  return opened(source, 'etcd', () => createEtcdStore(storeOptions(etcd, 'etcd', source, deps)));
}

/**
 * A follower of the v2 store of the etcd that the options describe; nothing is sent yet.
 * @param at where in the configuration the options stand
 * @throws ConfigError as {@link openEtcd}
 */
export function openEtcdV2(etcd: EtcdConfig, at: string, source: string, deps: OpenEtcdDeps): V2Follower {
  return opened(source, at, () => createV2Follower(storeOptions(etcd, at, source, deps)));
}

function opened<T>(source: string, at: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== 'invalid') throw cause;
    throw new ConfigError(source, [inOwnWords(cause.message, at)], { cause });
  }
}

/** The store names its own settings: here the reader knows them as options of the file. */
function inOwnWords(problem: string, at: string): string {
  const [, setting = '', rest = ''] = /^([\w.]+): (.*)$/s.exec(problem) ?? [];
  const name = setting.replace(/^tls\./, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return setting === '' ? problem : `option "${at}.${name}": ${rest}`;
}

function storeOptions(etcd: EtcdConfig, at: string, source: string, deps: OpenEtcdDeps): EtcdStoreOptions {
  const { files: given, ...common } = deps;
  const files = given ?? new FileWatch({ clock: deps.clock, logger: deps.logger, source });
  const { user, password_file: password } = etcd;
  const login = user === undefined || password === undefined ? undefined : loginSource(at, user, password);
  return {
    ...common,
    endpoints: etcd.endpoints,
    requestTimeoutMs: etcd.timeout_ms,
    live: { credentials: login && files.open(login), tls: openTls(etcd, at, files) },
  };
}

function loginSource(at: string, user: string, path: string): FileSource<EtcdCredentials> {
  const secret = secretSource(`the password of ${at}`, { option: `${at}.password_file`, path });
  return { ...secret, read: (contents) => ({ user, password: secret.read(contents) }) };
}

/** Each part is replaced by itself: authorities and client certificates come from different hands. */
function openTls(etcd: EtcdConfig, at: string, files: FileWatch): Watched<EtcdTlsMaterial> {
  const { ca_file: ca, cert_file: cert, key_file: key } = etcd;
  const authorities =
    ca === undefined
      ? undefined
      : files.open(authoritiesSource(`the authorities of ${at}`, { option: `${at}.ca_file`, path: ca }));
  const own =
    cert === undefined || key === undefined
      ? undefined
      : files.open(
          keyPairSource(
            `the client certificate of ${at}`,
            { option: `${at}.cert_file`, path: cert },
            { option: `${at}.key_file`, path: key },
          ),
        );
  const current = (): EtcdTlsMaterial => ({
    ...(authorities === undefined ? {} : { ca: authorities.current }),
    ...own?.current,
  });
  return {
    get current() {
      return current();
    },
    onChange: (listener) => {
      authorities?.onChange(() => listener(current()));
      own?.onChange(() => listener(current()));
    },
  };
}
