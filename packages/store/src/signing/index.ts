export { type KeyOwner, keySigners } from './key-signers.js';
export { matchesAny } from './name-pattern.js';
export type { SignatureDesk, Verdict } from './signature-desk.js';
export { type Refusal, refusals } from './signature-error.js';
export { signatureMetrics } from './signature-metrics.js';
export { type KeySigner, SignedStore } from './signed-store.js';
export {
  type ControllerSigningConfig,
  controllerSigningOptions,
  openControllerSigning,
  openSigning,
  type SigningConfig,
  signingOptions,
  signingProblems,
} from './signing-config.js';
export { createTrust, type Trust, type TrustOptions } from './trust.js';
