import { readFileSync } from 'node:fs';
import { type BackoffPolicy, type Clock, fixed, type Logger, type Watched } from '@taas/service';
import type { EtcdTlsMaterial } from './etcd-connection.js';
import { StoreError } from './store-error.js';

export interface EtcdTlsOptions {
  /** PEM file of the authority that signed the servers' certificates; without it the system's authorities. */
  readonly caFile?: string;
  /** PEM file of our own certificate, for a server that asks for one; goes with `keyFile`. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface EtcdStoreOptions {
  /** `http://host:port` or `https://host:port`; a bare `host:port` is https when `tls` is given, else http. */
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTlsOptions;
  readonly user?: string;
  readonly password?: string;
  /** What may be replaced while the store is open, instead of `tls`, `user` and `password`. */
  readonly live?: EtcdSecrets;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Milliseconds that one attempt at one endpoint may take. Default 3,000. */
  readonly requestTimeoutMs?: number;
  /** Waits between attempts to get a follower going again. Default 100 ms to 5 s. */
  readonly backoff?: BackoffPolicy;
  /** Silence on a watch after which the server is asked for a sign of life, and again before it is given up. Default 10,000. */
  readonly watchSilenceMs?: number;
  /** Keys of the first page when a prefix is listed; later pages have what 4 MB hold. Default 2,000. */
  readonly pageSize?: number;
  /** Changes, and characters of their values, that wait for a slow follower before it gets a new snapshot. */
  readonly followQueue?: { readonly maxChanges?: number; readonly maxCharacters?: number };
}

/** How we show who we are, as it is at each moment: read where it is used, and not kept. */
export interface EtcdSecrets {
  /** For log-ins from now on. */
  readonly credentials: Watched<EtcdCredentials> | undefined;
  /** For connections from now on. */
  readonly tls: Watched<EtcdTlsMaterial>;
}

export interface EtcdCredentials {
  readonly user: string;
  readonly password: string;
}

export interface EtcdSettings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly urls: readonly string[];
  readonly secrets: EtcdSecrets;
  readonly requestTimeoutMs: number;
  readonly backoff: BackoffPolicy;
  readonly watchSilenceMs: number;
  readonly pageSize: number;
  readonly queueLimits: { readonly maxChanges: number; readonly maxCharacters: number };
}

/**
 * Fills in the defaults and reads the certificates.
 * @throws StoreError `invalid` that names the option: no endpoint, not a URL, half a pair, a file that cannot be read.
 */
export function resolveEtcdOptions(options: EtcdStoreOptions): EtcdSettings {
  if (options.endpoints.length === 0) throw new StoreError('invalid', 'endpoints: at least one is needed');
  const { user, password, tls } = options;
  if ((user === undefined) !== (password === undefined)) {
    throw new StoreError('invalid', 'user and password go together: one of them is missing');
  }
  if ((tls?.certFile === undefined) !== (tls?.keyFile === undefined)) {
    throw new StoreError('invalid', 'tls.certFile and tls.keyFile go together: one of them is missing');
  }
  return {
    clock: options.clock,
    logger: options.logger,
    random: options.random,
    urls: options.endpoints.map((endpoint) => endpointUrl(endpoint, tls !== undefined || isSecure(options.live))),
    secrets: options.live ?? {
      credentials: user === undefined || password === undefined ? undefined : fixed({ user, password }),
      tls: fixed(readTls(tls ?? {})),
    },
    requestTimeoutMs: options.requestTimeoutMs ?? 3_000,
    backoff: options.backoff ?? { firstMs: 100, maxMs: 5_000 },
    watchSilenceMs: options.watchSilenceMs ?? 10_000,
    pageSize: options.pageSize ?? 2_000,
    queueLimits: {
      maxChanges: options.followQueue?.maxChanges ?? 20_000,
      maxCharacters: options.followQueue?.maxCharacters ?? 64 * 1024 * 1024,
    },
  };
}

/** Whether anything is there that only TLS has a use for. */
function isSecure(live: EtcdSecrets | undefined): boolean {
  return live !== undefined && Object.keys(live.tls.current).length > 0;
}

/** Reads the PEM files that are named. @throws StoreError `invalid` that names the option and the file. */
export function readTls(tls: EtcdTlsOptions): EtcdTlsMaterial {
  return {
    ...(tls.caFile === undefined ? {} : { ca: readPem('tls.caFile', tls.caFile) }),
    ...(tls.certFile === undefined ? {} : { cert: readPem('tls.certFile', tls.certFile) }),
    ...(tls.keyFile === undefined ? {} : { key: readPem('tls.keyFile', tls.keyFile) }),
  };
}

function endpointUrl(endpoint: string, secure: boolean): string {
  const text = endpoint.includes('://') ? endpoint : `${secure ? 'https' : 'http'}://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new StoreError('invalid', 'endpoints: every one must be http://host:port, https://host:port or host:port');
  }
  return url.origin;
}

function readPem(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StoreError('invalid', `${option}: ${file} cannot be read`, { cause: error });
  }
}
