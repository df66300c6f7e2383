import { type UnavailableErrorFactory, UpstreamUnavailableError } from '@taas/upstream';

/** Keystone cannot say whether a token is good: a 503 of ours. */
export class KeystoneUnavailableError extends UpstreamUnavailableError {
  override readonly name = 'KeystoneUnavailableError';
}

export const keystoneUnavailable: UnavailableErrorFactory = (reason, detail, retryAfterMs, options) =>
  new KeystoneUnavailableError('Keystone', reason, detail, retryAfterMs, options);

/** Keystone says that the token is not good (unknown, expired, revoked), or it cannot be one: a 401 of ours. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}
