import { createHash } from 'node:crypto';
import type { Clock, Logger } from '@taas/service';
import type { HttpResponse } from '../http/http-client.js';
import { InvalidTokenError, keystoneUnavailable } from '../keystone-error.js';
import { LruMap } from '../lru-map.js';
import { createSharedCalls } from '../upstream/shared-calls.js';
import type { Upstream } from '../upstream/upstream.js';
import type { ServiceTokenSource } from './service-token.js';
import { MalformedTokenError, parseTokenInfo, type TokenInfo } from './token-info.js';

export interface TokenValidator {
  /**
   * @throws InvalidTokenError if Keystone does not know the token, or knows it as expired or revoked
   * @throws KeystoneUnavailableError if Keystone cannot say and it was not asked lately
   * @throws the signal's reason
   */
  validate(token: string, signal: AbortSignal): Promise<TokenInfo>;
  /** Forgets what is known of a token: the next check asks Keystone. */
  forget(token: string): void;
}

export interface TokenValidatorOptions {
  readonly keystone: Upstream;
  readonly serviceTokens: ServiceTokenSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cache?: Partial<TokenCacheLimits>;
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

/** A header value that node would send, of a length that any Keystone token has. */
const tokenForm = /^[\x21-\x7e]{1,8192}$/;

/** Checks callers' tokens as keystonemiddleware's auth_token does. Keys of its memory are SHA-256 sums of the tokens. */
export function createTokenValidator(options: TokenValidatorOptions): TokenValidator {
  const { keystone, serviceTokens, clock, logger } = options;
  const limits = { ...defaultLimits, ...options.cache };
  const valid = new LruMap<{ readonly info: TokenInfo; readonly checkedAt: number }>(limits.maxTokens);
  const invalid = new LruMap<number>(limits.maxInvalidTokens);
  const calls = createSharedCalls<TokenInfo>();

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

  return {
    validate: async (given, signal) => {
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
      return calls.run(key, signal, (inner) => check(key, token, inner));
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
