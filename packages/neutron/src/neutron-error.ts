import { type UnavailableErrorFactory, UpstreamUnavailableError } from '@taas/upstream';

/** Neutron cannot say what was asked: a 503 of ours. Nothing may be concluded about a port. */
export class NeutronUnavailableError extends UpstreamUnavailableError {
  override readonly name = 'NeutronUnavailableError';
}

export const neutronUnavailable: UnavailableErrorFactory = (reason, detail, retryAfterMs, options) =>
  new NeutronUnavailableError('Neutron', reason, detail, retryAfterMs, options);

/** Neutron does not accept the caller's token (any more): a 401 of ours. */
export class NeutronUnauthorizedError extends Error {
  override readonly name = 'NeutronUnauthorizedError';
}
