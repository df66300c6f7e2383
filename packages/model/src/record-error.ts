/** A value in etcd that cannot be used. It hurts its own key alone: readers report it and go on. */
export class RecordError extends Error {
  override readonly name = 'RecordError';

  constructor(
    readonly key: string,
    /** What is wrong, e.g. `/direction must be equal to one of the allowed values`. */
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`etcd key ${key}: ${problem}`, options);
  }
}
