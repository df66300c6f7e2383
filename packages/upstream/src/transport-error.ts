/** No answer came. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(
    /**
     * - `unreachable`: nothing was sent.
     * - `unsendable`: nothing was sent, since HTTP has no such request.
     * - `late`: the time for an answer is over.
     * - `stale`: a kept connection turned out to be closed.
     * - `lost`: the connection broke, and whether the request was carried out is not known.
     */
    readonly kind: 'unreachable' | 'unsendable' | 'late' | 'stale' | 'lost',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
