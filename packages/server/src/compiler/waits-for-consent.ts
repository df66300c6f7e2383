import { because } from '@taas/model';

/** Of a tap to which nobody has agreed yet: no node is told of it. */
export const waitsForConsent = because(
  'waiting_for_consent',
  'nothing is copied until somebody else than who has asked for it agrees',
);
