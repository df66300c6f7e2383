import type { Policy } from '@taas/policy';
import type { Clock, KeyPair, Logger, Watched } from '@taas/service';
import type { Store } from '@taas/store';
import type { RemoteAddressPolicy } from '../addresses/remote-address-policy.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Refusals } from '../audit/refusals.js';
import type { Behalves } from '../auth/actor.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { CompileExpression } from '../captures/bpf-expression.js';
import type { CaptureLimits } from '../captures/capture-desk.js';
import type { OpenReceiver } from '../captures/receiver-socket.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import type { Dashboard } from '../dashboard/dashboard.js';
import type { Contained } from '../errors/contained.js';
import type { EventLimits } from '../events/event-desk.js';
import type { ConnectionLimits } from '../front/connection-limit.js';
import type { DoorLimits } from '../front/door.js';
import type { RateLimits } from '../http/rate-limit.js';
import type { AnsweredRequest } from '../metrics/answered-requests.js';
import type { Slices } from '../slices/slices.js';
import type { DeskLimits } from '../statistics/statistics-desk.js';
import type { Placements } from '../status/placements.js';
import type { PortDirectory } from '../taps/admission/port-directory.js';
import type { QuotaLimits } from '../taps/admission/quotas.js';
import type { ReceiptPlaces } from '../taps/tap-service/receipts-offer.js';
import type { TapTerms } from '../taps/terms/tap-terms.js';
import type { WriteLimits } from '../taps/write-budget.js';
import type { KnownPlace } from '../view/bound-ports.js';
import type { LiveView } from '../view/live-view.js';
import type { ApiLimits } from './api-limits.js';

export interface ApiDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly ports: PortDirectory;
  /** Where a port is bound, if this replica follows that itself. */
  readonly place?: (port: string) => KnownPlace | undefined;
  readonly authenticator: Authenticator;
  readonly policy: SegmentPolicy;
  readonly logger: Logger;
  readonly clock: Clock;
  /** A new UUID at each call. */
  readonly newId: () => string;
  /** Those of all that this server does; of the API alone if absent. */
  readonly slices?: Slices;
  readonly limits?: Partial<ApiLimits>;
  /** Who may do what; upstream's defaults if absent. */
  readonly rules?: Watched<Policy>;
  /** Limits of projects for which an administrator has set none; none if absent. */
  readonly quotas?: QuotaLimits;
  /** What the operator asks of taps; nothing if absent. */
  readonly terms?: TapTerms;
  /** How long before its end a tap says so, in ms; an hour if absent. */
  readonly warnBeforeMs?: number;
  readonly rate?: RateLimits;
  /** Where tap mirrors may send to; if absent, that of a server that nobody has configured. */
  readonly remoteAddresses?: RemoteAddressPolicy;
  /** What may be asked without a known token; no limit if absent. */
  readonly strangers?: DoorLimits;
  readonly connections?: ConnectionLimits;
  /** Addresses or subnets of proxies in front, whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
  /** What a project may write to etcd; no limit if absent. */
  readonly writes?: WriteLimits;
  /** Throws when etcd has no room for more than deletions. */
  readonly checkRoom?: () => void;
  readonly neutron?: NeutronBehind;
  /** Told of a port whose DELETE has passed through here, after its taps are gone. */
  readonly portDeleted?: (portId: string) => void;
  /** Where what is done and refused is written down; without it there is no audit trail to read. */
  readonly audit?: AuditParts;
  readonly contained?: Contained;
  /** How much may be asked of what taps have counted. */
  readonly statistics?: Partial<DeskLimits>;
  /** How long streams of events last, and how many there are. */
  readonly events?: Partial<EventLimits>;
  /** Where captures are received; nowhere if absent. */
  readonly captures?: CaptureReceiver;
  /** How many tap services may have receipts; none if absent. */
  readonly receipts?: ReceiptPlaces;
  /** The page before the API; none if absent. */
  readonly dashboard?: Dashboard;
  /** Told of each request that the API itself has answered. */
  readonly onAnswered?: (answered: AnsweredRequest) => void;
  /** Those of this server; the API's own if absent. */
  readonly placements?: Placements;
  /** A new one counts for connections from then on. */
  readonly tls?: Watched<KeyPair>;
}

/** What receives the copies of captures. */
export interface CaptureReceiver {
  /** Where nodes send to, and on which this server listens. */
  readonly address: string;
  readonly listenAddress: string;
  readonly open: OpenReceiver;
  readonly compileExpression: CompileExpression;
  /** This server's name, for people. */
  readonly server: string;
  readonly limits?: Partial<CaptureLimits>;
}

export interface AuditParts {
  readonly log: AuditLog;
  readonly refusals: Refusals;
  /** Tells the store on whose behalf it writes. */
  readonly behalves: Behalves;
  /** Throws why nothing may be made or changed now, as the store does. */
  readonly checkOpen?: () => void;
}

/** Neutron behind this server, for all that is not TaaS. */
export interface NeutronBehind {
  /** Its endpoint without `/v2.0`, such as `http://neutron.example:9696`. */
  readonly url: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: Watched<Buffer> | undefined;
  /** How long it may be silent, in ms. */
  readonly silenceMs: number;
  /** Whether a port is gone beyond doubt. @throws UpstreamUnavailableError; the signal's reason */
  readonly portGone: (portId: string, signal: AbortSignal) => Promise<boolean>;
}
