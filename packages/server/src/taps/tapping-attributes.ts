import type { StatusView, TapFlowRecord, TapMirrorRecord } from '@taas/model';
import { consentAttributes, shownStatus, statusAttributes, termAttributes } from './attributes.js';
import { consentTo } from './terms/consent-to.js';
import { shownConsent, shownTerms } from './terms/shown-terms.js';

/** Attributes of whatever copies a port: it ends, somebody may have to agree to it, and it has a status. */
export const tappingAttributes = { ...termAttributes, ...consentAttributes, ...statusAttributes } as const;

/** As the API shows them. */
export const shownTapping = (record: TapFlowRecord | TapMirrorRecord, status: StatusView) => ({
  consent_to: consentTo(record),
  ...shownTerms(record),
  ...shownConsent(record),
  ...shownStatus(status),
});
