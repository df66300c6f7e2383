// What the API answers, as far as the page shows it: docs/reference/api.md.

export type Kind = 'tap_service' | 'tap_flow' | 'tap_mirror';
export type Direction = 'IN' | 'OUT' | 'BOTH';

interface Tap {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly status_reason: string;
  readonly status_code: string;
  /** ISO 8601; null: never. */
  readonly expires_at: string | null;
  readonly reason: string;
}

/** Of what copies a port. */
interface Consented {
  readonly consent: 'not_needed' | 'waiting' | 'given';
  /** Users of whom none may agree. */
  readonly requested_by: readonly string[];
  readonly agreed_by: string | null;
}

/** Of a tap that copies a port. */
interface ConsentedTap extends Consented {
  /** What an approval sends back. */
  readonly consent_to: string | null;
}

export interface TapService extends Tap {
  readonly port_id: string;
}

export interface TapFlow extends Tap, ConsentedTap {
  readonly tap_service_id: string;
  readonly source_port: string;
  readonly direction: Direction;
  readonly vlan_filter: string | null;
  readonly filter_rules: readonly object[];
  readonly accounting?: string;
}

export interface TapMirror extends Tap, ConsentedTap {
  readonly port_id: string;
  readonly remote_ip: string;
  readonly mirror_type: string;
  readonly directions: Readonly<Record<string, number | string>>;
}

/** Of a kind that is known elsewhere. */
export type AnyTap = TapService & TapFlow & TapMirror;

/** One of Neutron's, as far as it is asked for. */
export interface Port {
  readonly id: string;
  readonly name: string;
  readonly network_id: string;
  readonly device_owner?: string;
  readonly device_id?: string;
  readonly fixed_ips?: readonly { readonly ip_address: string }[];
  /** To administrators alone. */
  readonly 'binding:host_id'?: string;
}

export interface Stage {
  readonly stage: string;
  readonly direction?: string;
  readonly packets: number;
  readonly bytes: number | null;
}

export interface Loss {
  readonly cause: string;
  readonly packets: number;
}

export interface Statistics {
  readonly as_of: string | null;
  readonly since: string | null;
  readonly current: boolean;
  readonly stages: readonly Stage[];
  readonly lost: readonly Loss[];
  readonly completeness: number | null;
  readonly nodes: readonly { readonly node: string; readonly stages: readonly Stage[] }[];
  readonly unanswered: readonly { readonly node: string; readonly code: string; readonly reason: string }[];
  /** Of a flow: what is counted of its tap service as a whole. */
  readonly service?: Statistics | null;
}

export interface PlannedTap {
  readonly name: string;
  readonly status: string;
  readonly status_reason: string;
  readonly copying: {
    readonly transport: { readonly type: string; readonly takes_segment: boolean } | null;
    readonly size: { readonly needs_mtu: number | null } | null;
    readonly same_port_in_all: number;
  } | null;
}

export interface Plan {
  readonly change: 'create' | 'delete';
  readonly changes: boolean;
  readonly taps: readonly PlannedTap[];
  readonly nodes: readonly { readonly node: string; readonly change: string; readonly steps: readonly string[] }[];
  readonly nodes_in_all: number;
  readonly quotas:
    | readonly {
        readonly resource: string;
        readonly limit: number;
        readonly used: number;
        readonly after: number;
      }[]
    | null;
  readonly unknown?: readonly unknown[];
}

export interface Capture extends Consented {
  readonly id: string;
  readonly name: string;
  readonly source_ports: readonly string[];
  readonly direction: Direction;
  readonly bpf: string | null;
  readonly filter_rules: readonly object[];
  readonly status: string;
  readonly status_reason: string;
  readonly reason: string;
  readonly created_at: string;
  readonly ends_at: string;
  readonly seconds: number;
  readonly packets: number;
  readonly bytes: number;
  readonly counted: {
    readonly received: number;
    readonly filtered: number;
    readonly dropped: number;
    readonly delivered: number;
    readonly bytes: number;
  };
}

export interface TappedPort {
  readonly port_id: string;
  readonly taps: number;
  readonly tapped_by: readonly {
    readonly kind: string;
    readonly id: string;
    readonly project_id: string;
    readonly since: string;
    readonly direction: string;
    readonly expires_at: string | null;
    readonly reason: string;
    readonly consent: string;
    readonly capture_id?: string;
  }[];
}

export interface AuditEntry {
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly event: string;
  readonly user_id: string | null;
  readonly project_id: string | null;
  readonly tap: {
    readonly kind: string;
    readonly id: string;
    readonly name?: string;
    readonly port_id?: string;
  } | null;
  readonly detail: string;
  readonly status?: number;
}
