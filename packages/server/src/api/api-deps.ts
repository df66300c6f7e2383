import type { Clients, PassThrough } from '@taas/gateway';
import type { Clock, KeyPair, Logger, Watched } from '@taas/service';
import type { Audit } from '../audit/audit.js';
import type { Access } from '../auth/access.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { Dashboard } from '../dashboard/dashboard.js';
import type { ConnectionLimits } from '../front/connection-limit.js';
import type { Door } from '../front/door.js';
import type { RateLimiter } from '../http/rate-limit.js';
import type { AnsweredRequest } from '../metrics/answered-requests.js';
import type { Slices } from '../slices/slices.js';
import type { ApiDesks } from './api-desks.js';
import type { ApiLimits } from './api-limits.js';

/** What the HTTP side of the API is put together from. */
export interface ApiDeps {
  readonly desks: ApiDesks;
  readonly limits: ApiLimits;
  readonly authenticator: Authenticator;
  readonly access: Access;
  readonly slices: Slices;
  /** Who a request is of, before its token has been looked at. */
  readonly clients: Clients;
  /** What strangers may ask. */
  readonly door: Door;
  /** What a project may ask. */
  readonly rate: RateLimiter;
  readonly connections: ConnectionLimits;
  /** To the Neutron behind this server; null without one. */
  readonly passThrough: PassThrough | null;
  /** How long that Neutron may be silent, in ms; 0 without one. */
  readonly silenceMs: number;
  /** The page before the API; null for none. */
  readonly dashboard: Dashboard | null;
  /** Where what is done and refused is written down; null: there is no audit trail to read. */
  readonly audit: AuditParts | null;
  /** Told of each request that the API itself has answered. */
  readonly onAnswered: (answered: AnsweredRequest) => void;
  /** Undefined if the API speaks HTTP. A new one counts for connections from then on. */
  readonly tls: Watched<KeyPair> | undefined;
  readonly clock: Clock;
  /** A new UUID at each call. */
  readonly newId: () => string;
  readonly logger: Logger;
}

export type AuditParts = Pick<Audit, 'log' | 'refusals' | 'behalves' | 'checkOpen'>;
