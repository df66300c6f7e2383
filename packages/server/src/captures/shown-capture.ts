import { acceptedOnly, type Consent, type StatusView } from '@taas/model';
import { isoTime } from '../http/iso-time.js';
import { shownRules } from '../taps/filter-rules.js';
import { shownConsent } from '../taps/terms/shown-terms.js';
import type { Capture } from './capture.js';

/** A capture as the API shows it. */
export type ShownCapture = Readonly<Record<string, unknown>> & { readonly id: string };

/**
 * @param statuses of its taps, one for each port and direction; null for one that is not known yet
 * @param consent of all its taps
 * @param server that receives it
 */
export function shownCapture(
  capture: Capture,
  statuses: readonly (StatusView | null)[],
  consent: Consent | undefined,
  server: string,
): ShownCapture {
  const { id, wish, endedBecause: ended } = capture;
  const worst = statuses.find((each) => each?.status !== 'ACTIVE');
  const running = worst === undefined ? { status: 'ACTIVE', reason: '', code: 'ok' } : (worst ?? acceptedOnly);
  const { status, reason, code } = ended === null ? running : { status: 'ENDED', reason: ended, code: 'ok' };
  return {
    id,
    ...{ tenant_id: wish.project_id, project_id: wish.project_id, name: wish.name, description: wish.description },
    ...{ tap_flow_id: wish.tap_flow_id, source_ports: wish.source_ports, direction: wish.direction },
    filter_rules: shownRules(wish.filter_rules, wish.filter_rules_given),
    bpf: wish.bpf,
    // Who drops what is not wanted.
    filtered_by: { node: wish.filter_rules.length > 0, server: wish.bpf !== null },
    ...{ snaplen: wish.snaplen, seconds: wish.seconds, packets: wish.packets, bytes: wish.bytes },
    ...{ status, status_reason: reason, status_code: code, server },
    ...{ created_at: isoTime(capture.startedAt), ends_at: isoTime(capture.endsAt) },
    // The same in the words of taps.
    expires_at: isoTime(capture.endsAt),
    reason: wish.reason ?? '',
    ...shownConsent(consent === undefined ? {} : { consent }),
    counted: capture.counts,
  };
}
