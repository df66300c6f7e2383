import type { Policy } from '@taas/policy';
import type { Clock, KeyPair, Logger, Watched } from '@taas/service';
import type { Store } from '@taas/store';
import type { RemoteAddressPolicy } from '../addresses/remote-address-policy.js';
import type { AuditParts } from '../api/api-deps.js';
import type { ApiLimits } from '../api/api-limits.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { CaptureReceiver } from '../captures/capture-receiver.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import type { Dashboard } from '../dashboard/dashboard.js';
import type { Contained } from '../errors/contained.js';
import type { EventLimits } from '../events/event-desk.js';
import type { ConnectionLimits } from '../front/connection-limit.js';
import type { DoorLimits } from '../front/door.js';
import type { NeutronBehind } from '../front/neutron-behind.js';
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

/** What the desks of the API are put together from. */
export interface DeskParts {
  readonly store: Store;
  readonly live: LiveView;
  readonly ports: PortDirectory;
  /** Where a port is bound, if this replica follows that itself. */
  readonly place: (port: string) => KnownPlace | undefined;
  readonly policy: SegmentPolicy;
  /** Where tap mirrors may send to. */
  readonly remoteAddresses: RemoteAddressPolicy;
  readonly placements: Placements;
  readonly contained: Contained;
  /** Those of all that this server does. */
  readonly slices: Slices;
  readonly limits: ApiLimits;
  /** Limits of projects for which an administrator has set none. */
  readonly quotas: QuotaLimits;
  /** What the operator asks of taps. */
  readonly terms: TapTerms;
  /** How long before its end a tap says so, in ms. */
  readonly warnBeforeMs: number;
  /** What a project may write to etcd. */
  readonly writes: WriteLimits;
  /** Throws when etcd has no room for more than deletions. */
  readonly checkRoom: () => void;
  readonly audit: AuditParts | null;
  /** How much may be asked of what taps have counted. */
  readonly statistics: DeskLimits;
  /** How long streams of events last, and how many there are. */
  readonly events: EventLimits;
  /** How many tap services may have receipts; null: this server sends none. */
  readonly receipts: ReceiptPlaces | null;
  /** Where captures are received; null: nowhere. */
  readonly captures: CaptureReceiver | null;
  readonly clock: Clock;
  /** This server's release, which agents' are compared with; null: they are not. */
  readonly version: string | null;
  /** A new UUID at each call. */
  readonly newId: () => string;
  readonly logger: Logger;
}

/** What the API is put together from: the desks, and the way to them. */
export interface ApiParts extends DeskParts {
  readonly authenticator: Authenticator;
  /** Who may do what. */
  readonly rules: Watched<Policy>;
  readonly rate: RateLimits;
  /** What may be asked without a known token. */
  readonly strangers: DoorLimits;
  readonly connections: ConnectionLimits;
  /** Addresses or subnets of proxies in front, whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly neutron: NeutronBehind | null;
  /** Told of a port whose DELETE has passed through here, after its taps are gone. */
  readonly portDeleted: (portId: string) => void;
  readonly dashboard: Dashboard | null;
  readonly onAnswered: (answered: AnsweredRequest) => void;
  readonly tls: Watched<KeyPair> | undefined;
}
