import { backoffDelay, type Clock, type Logger, type Watched } from '@taas/service';
import { createSharedCalls, type Upstream } from '@taas/upstream';
import { keystoneUnavailable } from '../keystone-error.js';
import { MalformedTokenError, parseTokenInfo, type TokenInfo } from './token-info.js';

/** How our own service user proves who it is. */
export type ServiceCredentials =
  | {
      readonly kind: 'password';
      readonly userName: string;
      readonly userDomainName: string;
      readonly password: string;
      readonly projectName: string;
      readonly projectDomainName: string;
    }
  | { readonly kind: 'applicationCredential'; readonly id: string; readonly secret: string };

/** The token of our service user, for what we ask in our own name. */
export interface ServiceTokenSource {
  /** @throws KeystoneUnavailableError; the signal's reason */
  get(signal: AbortSignal): Promise<string>;
  /** To be told when a service answered 401 to `token`: the next `get` brings another. */
  invalidate(token: string): void;
}

export interface ServiceTokenOptions {
  readonly keystone: Upstream;
  /** A new one is tried at once, also when the one before it was refused. */
  readonly credentials: Watched<ServiceCredentials>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** A token is renewed so long before its end, or a fifth of its life if that is less. */
  readonly renewBeforeMs?: number;
}

interface Held {
  readonly token: string;
  readonly expiresAt: number;
  readonly renewAt: number;
}

/** A token with less left may expire on its way. */
const uselessMs = 5_000;
/** Repeated wrong passwords can lock the service user's account, so they are repeated ever more slowly. */
const refusedBackoff = { firstMs: 2_000, maxMs: 120_000 };

export function createServiceTokenSource(options: ServiceTokenOptions): ServiceTokenSource {
  const { keystone, clock, logger, renewBeforeMs = 120_000 } = options;
  const calls = createSharedCalls<string>();
  let held: Held | null = null;
  let refusals = 0;
  let refusedUntil = 0;
  options.credentials.onChange(() => {
    refusals = 0;
    refusedUntil = 0;
    // The old password may have been withdrawn, and its tokens with it.
    held = null;
  });

  const fetch = async (signal: AbortSignal): Promise<string> => {
    const wait = refusedUntil - clock.monotonic();
    if (wait > 0) throw keystoneUnavailable('refused', 'it refuses our service user', wait);
    const response = await keystone.request('/auth/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(authRequest(options.credentials.current)),
      repeatable: true,
      signal,
    });
    const token = response.headers['x-subject-token'];
    if (response.status !== 201 || token === undefined) {
      const delay = backoffDelay(refusedBackoff, refusals++, options.random());
      refusedUntil = clock.monotonic() + delay;
      logger.error({ status: response.status }, 'Keystone gives our service user no token; check its credentials');
      throw keystoneUnavailable('refused', `it answers ${response.status} to our service user's log-in`, delay);
    }
    refusals = 0;
    const { expiresAt } = parsed(response.body);
    const life = expiresAt - clock.now();
    held = { token, expiresAt, renewAt: expiresAt - Math.min(renewBeforeMs, life / 5) };
    return token;
  };
  const renew = (signal: AbortSignal): Promise<string> => calls.run('token', signal, fetch);

  return {
    get: (signal) => {
      const now = clock.now();
      if (held === null || held.expiresAt - now <= uselessMs) return renew(signal);
      if (held.renewAt <= now && !calls.has('token')) {
        // Nobody waits for it: the token at hand is still good.
        renew(new AbortController().signal).catch((error: unknown) => {
          logger.warn({ err: error }, 'the service token could not be renewed yet');
        });
      }
      return Promise.resolve(held.token);
    },
    invalidate: (token) => {
      if (held?.token === token) held = null;
    },
  };
}

function parsed(body: string): TokenInfo {
  try {
    return parseTokenInfo(body);
  } catch (cause) {
    if (!(cause instanceof MalformedTokenError)) throw cause;
    throw keystoneUnavailable('bad-answer', `its answer to a log-in: ${cause.message}`, null, { cause });
  }
}

function authRequest(credentials: ServiceCredentials): unknown {
  if (credentials.kind === 'applicationCredential') {
    const { id, secret } = credentials;
    return { auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } } };
  }
  const { userName, userDomainName, password, projectName, projectDomainName } = credentials;
  return {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: userName, domain: { name: userDomainName }, password } },
      },
      scope: { project: { name: projectName, domain: { name: projectDomainName } } },
    },
  };
}
