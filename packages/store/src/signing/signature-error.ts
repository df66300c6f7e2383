/** Why a value is not believed; the names by which refusals are counted. */
export type Refusal = 'unsigned' | 'certificate' | 'revoked' | 'signer' | 'signature' | 'path' | 'replayed';

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
