import { createHash } from 'node:crypto';
import { type Clock, FairTurns, type FairTurnsLimits, type Logger, TurnsFullError } from '@taas/service';
import {
  createSharedCalls,
  DeadlineError,
  type HttpResponse,
  LruMap,
  type Upstream,
  withDeadline,
} from '@taas/upstream';
import { InvalidTokenError, keystoneUnavailable } from '../keystone-error.js';
import type { ServiceTokenSource } from './service-token.js';
import { MalformedTokenError, parseTokenInfo, type TokenInfo } from './token-info.js';

export interface TokenValidator {
  /**
   * @param client who shows the token, such as an address: tokens that were never good take turns by it
   * @throws InvalidTokenError if Keystone does not know the token, or knows it as expired or revoked
   * @throws KeystoneUnavailableError if Keystone cannot say and it was not asked lately
   * @throws the signal's reason
   */
  validate(token: string, signal: AbortSignal, client?: string): Promise<TokenInfo>;
  /** The project of a token that was good when it was last asked for ('' for a token of none); null if it never was. */
  known(token: string): string | null;
  /** Forgets what is known of a token: the next check asks Keystone. */
  forget(token: string): void;
}

export interface TokenValidatorOptions {
  readonly keystone: Upstream;
  readonly serviceTokens: ServiceTokenSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cache?: Partial<TokenCacheLimits>;
  /** How many tokens that were never good are checked at a time, by client; fewer than Keystone is asked at a time. */
  readonly unknown?: Partial<FairTurnsLimits>;
}

export interface TokenCacheLimits {
  /** How long after its check a token is believed: the bound on noticing a revocation. */
  readonly maxAgeMs: number;
  /** A token in use is checked again in the background at this age, so that a dead Keystone finds most checks fresh. */
  readonly refreshAfterMs: number;
  /** How long a refusal is remembered. */
  readonly invalidMaxAgeMs: number;
  readonly maxTokens: number;
  /** Apart from the good ones, so that a flood of guesses cannot push those out. */
  readonly maxInvalidTokens: number;
}

const defaultLimits: TokenCacheLimits = {
  maxAgeMs: 60_000,
  refreshAfterMs: 30_000,
  invalidMaxAgeMs: 10_000,
  maxTokens: 10_000,
  maxInvalidTokens: 10_000,
};

/**
 * Three quarters of what Keystone is asked at a time, so that tokens that were good are always checked again at once; and a
 * client with nothing but guesses has half of it at most.
 */
const defaultUnknown: FairTurnsLimits = { concurrent: 12, concurrentPerKey: 6, waiting: 256, waitingPerKey: 32 };

/** How long a new token waits for its turn. */
const turnMs = 10_000;

/** A header value that node would send, of a length that any Keystone token has. */
const tokenForm = /^[\x21-\x7e]{1,8192}$/;

/** Checks callers' tokens as keystonemiddleware's auth_token does. Keys of its memory are SHA-256 sums of the tokens. */
export function createTokenValidator(options: TokenValidatorOptions): TokenValidator {
  const { keystone, serviceTokens, clock, logger } = options;
  const limits = { ...defaultLimits, ...options.cache };
  const valid = new LruMap<{ readonly info: TokenInfo; readonly checkedAt: number }>(limits.maxTokens);
  const invalid = new LruMap<number>(limits.maxInvalidTokens);
  const calls = createSharedCalls<TokenInfo>();
  const turns = new FairTurns({ ...defaultUnknown, ...options.unknown });

  const ask = async (token: string, signal: AbortSignal): Promise<HttpResponse> => {
    const serviceToken = await serviceTokens.get(signal);
    const response = await keystone.request('/auth/tokens?nocatalog', {
      method: 'GET',
      headers: {
        accept: 'application/json',
        'x-auth-token': serviceToken,
        'x-subject-token': token,
        // Without it Keystone calls tokens with access rules unknown: only who enforces them may see them.
        'openstack-identity-access-rules': '1',
      },
      signal,
    });
    if (response.status === 401) serviceTokens.invalidate(serviceToken);
    return response;
  };

  const check = async (key: string, token: string, signal: AbortSignal): Promise<TokenInfo> => {
    // The age counts from before the question: a token revoked while Keystone answers is not believed longer for it.
    const checkedAt = clock.monotonic();
    const first = await ask(token, signal);
    const response = first.status === 401 ? await ask(token, signal) : first;
    if (response.status === 404) {
      valid.delete(key);
      invalid.set(key, checkedAt);
      throw new InvalidTokenError('Keystone does not accept the token');
    }
    if (response.status !== 200) throw unexpected(response.status);
    const info = parsed(response.body);
    if (info.expiresAt <= clock.now()) throw new InvalidTokenError('the token has expired');
    invalid.delete(key);
    valid.set(key, { info, checkedAt });
    return info;
  };

  /** A check of a token that was never good, when it is its client's turn. */
  const checkInTurn = async (key: string, token: string, client: string, signal: AbortSignal): Promise<TokenInfo> => {
    let end: () => void;
    try {
      end = await withDeadline(signal, turnMs, (inner) => turns.take(client, inner));
    } catch (cause) {
      if (!(cause instanceof TurnsFullError || cause instanceof DeadlineError)) throw cause;
      throw keystoneUnavailable('overloaded', `too many new tokens wait: ${cause.message}`, 1000, { cause });
    }
    try {
      return await check(key, token, signal);
    } finally {
      end();
    }
  };

  return {
    validate: async (given, signal, client = '') => {
      signal.throwIfAborted();
      const token = given.trim();
      if (!tokenForm.test(token)) throw new InvalidTokenError('the token is empty, too long or not plain text');
      const key = keyOf(token);
      const now = clock.monotonic();
      const known = valid.get(key);
      const age = known === undefined ? Number.POSITIVE_INFINITY : now - known.checkedAt;
      if (known !== undefined && age < limits.maxAgeMs) {
        if (known.info.expiresAt <= clock.now()) throw new InvalidTokenError('the token has expired');
        if (age >= limits.refreshAfterMs && !calls.has(key)) {
          calls
            .run(key, new AbortController().signal, (inner) => check(key, token, inner))
            .catch((error: unknown) =>
              logger.debug({ err: error }, 'a token could not be checked again ahead of time'),
            );
        }
        return known.info;
      }
      const refusedAt = invalid.get(key);
      if (refusedAt !== undefined && now - refusedAt < limits.invalidMaxAgeMs) {
        throw new InvalidTokenError('Keystone did not accept the token');
      }
      return calls.run(key, signal, (inner) =>
        known === undefined ? checkInTurn(key, token, client, inner) : check(key, token, inner),
      );
    },
    known: (given) => {
      const known = valid.get(keyOf(given.trim()));
      return known === undefined || known.info.expiresAt <= clock.now() ? null : (known.info.projectId ?? '');
    },
    forget: (given) => {
      const key = keyOf(given.trim());
      valid.delete(key);
      invalid.delete(key);
    },
  };
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function parsed(body: string): TokenInfo {
  try {
    return parseTokenInfo(body);
  } catch (cause) {
    if (!(cause instanceof MalformedTokenError)) throw cause;
    throw keystoneUnavailable('bad-answer', cause.message, null, { cause });
  }
}

function unexpected(status: number): Error {
  if (status === 401) return keystoneUnavailable('refused', 'it does not accept our service token', null);
  if (status === 403) {
    return keystoneUnavailable(
      'refused',
      'our service user may not validate tokens; give it the role service or admin',
      null,
    );
  }
  return keystoneUnavailable('bad-answer', `it answers ${status} to a token check`, null);
}
