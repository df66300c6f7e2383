import type { Tap } from '../api/kinds.js';
import type { TapStatistics } from '../api/statistics.js';
import type { Seen } from './finding.js';
import type { Samples } from './prometheus.js';

/** An answer's own time beside ours, and the certificate that it came with. */
export interface Meeting {
  readonly url: string;
  /** By the Date header, a whole second; null if there was none. Milliseconds since 1970, as all times here. */
  readonly theirTime: number | null;
  readonly sent: number;
  readonly received: number;
  readonly certificateEnds: number | null;
}

/** What /readyz and /metrics of a server or an agent say. */
export interface ProgramFacts {
  readonly url: string;
  readonly meeting: Seen<Meeting>;
  readonly ready: Seen<Readonly<Record<string, unknown>>>;
  readonly metrics: Seen<Samples>;
  /** The same a moment later, to see what moves. */
  readonly later: Seen<Samples>;
}

export interface EtcdFacts {
  readonly url: string;
  readonly meeting: Seen<Meeting>;
  readonly version: Seen<string>;
  readonly health: Seen<boolean>;
  readonly alarms: Seen<readonly string[]>;
  /** Whether the v2 API, which networking-vpp uses, is served. */
  readonly v2: Seen<boolean>;
  /** Whether it asks who somebody is; of v2, null where it is not served. */
  readonly asksV3: Seen<boolean>;
  readonly asksV2: Seen<boolean | null>;
}

export interface DoctorFacts {
  readonly now: number;
  readonly version: string;
  /** The one node that is asked about, or null. */
  readonly node: string | null;
  readonly api: Seen<Meeting>;
  /** Where the caller logs in; null for who does not. */
  readonly authUrl: Seen<string | null>;
  /** Of Keystone; null for who does not log in. */
  readonly keystone: Seen<Meeting> | null;
  readonly extensions: Seen<readonly string[]>;
  readonly taps: Seen<readonly Tap[]>;
  /** By the tap's id. */
  readonly statistics: ReadonlyMap<string, Seen<TapStatistics>>;
  /** By resource. */
  readonly quota: Seen<Readonly<Record<string, { readonly limit: number; readonly used: number }>>>;
  readonly servers: readonly ProgramFacts[];
  readonly agents: readonly ProgramFacts[];
  readonly etcd: readonly EtcdFacts[];
}
