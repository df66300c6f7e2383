/** Why a value is not believed; the names by which refusals are counted (docs/reference/metrics.md). */
export const refusals = ['unsigned', 'certificate', 'revoked', 'signer', 'signature', 'path', 'replayed'] as const;
export type Refusal = (typeof refusals)[number];

/** A value whose signature is missing or does not hold. Its message is for operators, and has nothing of the value in it. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';

  constructor(
    readonly refusal: Refusal,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
