/**
 * Why a store call failed.
 * - `unavailable`: no endpoint answered in time; the call may or may not have been carried out.
 * - `denied`: wrong user, password, certificate or role.
 * - `full`: etcd's space quota is used up (alarm NOSPACE); reads still work.
 * - `too-large`: the request is over etcd's size or operation limits; it was not sent or not carried out.
 * - `invalid`: etcd refused the request as malformed; a bug of ours or an incompatible server.
 * - `lease-lost`: a put names a lease that is gone, or (as the reason of `Lease.lost`) the lease was lost.
 * - `closed`: the store was closed.
 */
export type StoreErrorCode = 'unavailable' | 'denied' | 'full' | 'too-large' | 'invalid' | 'lease-lost' | 'closed';

export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retriable(): boolean {
    return this.code === 'unavailable';
  }
}
