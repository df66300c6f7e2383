import type { PlanAnswer } from './taps/plan/plan-answer.js';

/** A resource as the API shows it; which of the attributes there are depends on its kind. */
export interface ShownInTest {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly status_reason: string;
  readonly status_code: string;
  readonly project_id: string;
  readonly expires_at: string | null;
  readonly reason: string;
  /** Of a tap flow or mirror. */
  readonly consent: string;
  readonly requested_by: readonly string[];
  readonly agreed_by: string | null;
  readonly consent_to: string | null;
  /** Of a tap flow. */
  readonly filter_rules: readonly object[];
  /** Of a tap mirror. */
  readonly directions: object;
}

/** A capture, as the API shows it. */
export interface CaptureInTest {
  readonly id: string;
  readonly status: string;
  readonly status_code: string;
  readonly consent: string;
  readonly counted: { readonly received: number; readonly dropped: number; readonly delivered: number };
}

type Link = { readonly rel: string; readonly href: string };

/**
 * The bodies of all answers in one: a test reads of it what it asked for, and fails by itself if that is not there.
 */
export interface AnswerBody {
  readonly NeutronError: { readonly type: string; readonly message: string; readonly detail: string };
  readonly tap_service: ShownInTest;
  readonly tap_services: readonly ShownInTest[];
  readonly tap_services_links: readonly Link[];
  readonly tap_flow: ShownInTest;
  readonly tap_flows: readonly ShownInTest[];
  readonly tap_flows_links: readonly Link[];
  readonly tap_mirror: ShownInTest;
  readonly tap_mirrors: readonly ShownInTest[];
  readonly plan: PlanAnswer;
  readonly capture: CaptureInTest;
  readonly captures: readonly CaptureInTest[];
  readonly tapped_port: { readonly tapped_by: readonly { readonly destination: object }[] };
  readonly quota: { readonly tap_service: unknown; readonly network: unknown };
  readonly quotas: readonly Readonly<Record<string, unknown>>[];
  /** Of the OpenAPI document. */
  readonly paths: Readonly<Record<string, object>>;
  readonly components: {
    readonly schemas: Readonly<
      Record<
        'tap_service' | 'new_tap_flow' | 'changed_tap_mirror',
        { readonly properties: object; readonly required: readonly string[] }
      >
    >;
  };
  /** Of the health server. */
  readonly warning: string;
  readonly role: string;
  readonly malformed_records: readonly object[];
}
