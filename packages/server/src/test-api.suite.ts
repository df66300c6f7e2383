import { createPolicy, defaultRules } from '@taas/policy';
import { fixed } from '@taas/service';
import type { FastifyInstance } from 'fastify';
import { remoteAddressPolicy, usualRemoteAddresses } from './addresses/remote-address-policy.js';
import { type ApiLimits, defaultLimits } from './api/api-limits.js';
import type { CaptureLimits, CaptureReceiver } from './captures/capture-receiver.js';
import { Contained } from './errors/contained.js';
import { type EventLimits, usualEventLimits } from './events/event-desk.js';
import { noConnectionLimits } from './front/connection-limit.js';
import { openDoor } from './front/door.js';
import type { ApiParts } from './server/api-parts.js';
import { assembleApi } from './server/assemble-api.js';
import { Slices } from './slices/slices.js';
import { type DeskLimits, defaultDeskLimits } from './statistics/statistics-desk.js';
import { Placements } from './status/placements.js';
import { boundPorts } from './taps/admission/port-directory.js';
import { noQuota } from './taps/admission/quotas.js';
import { noTerms } from './taps/terms/tap-terms.js';
import { noWriteLimits } from './taps/write-budget.js';

type Needed = 'store' | 'live' | 'policy' | 'authenticator' | 'clock' | 'newId' | 'logger';
type InPart = 'limits' | 'statistics' | 'events' | 'captures';

/** What a test says of its API; the rest is as if nobody had configured it, and without limits. */
export type TestApiOptions = Pick<ApiParts, Needed> &
  Partial<Omit<ApiParts, Needed | InPart>> & {
    readonly limits?: Partial<ApiLimits>;
    readonly statistics?: Partial<DeskLimits>;
    readonly events?: Partial<EventLimits>;
    readonly captures?: Omit<CaptureReceiver, 'limits'> & { readonly limits?: Partial<CaptureLimits> };
  };

const captureLimits: CaptureLimits = { captures: 16, ofProject: 4, queueBytes: 16 * 1024 * 1024 };

/** The API as a server assembles it. */
export function createTestApi({ captures, ...given }: TestApiOptions): FastifyInstance {
  const { live, policy, clock, logger } = given;
  const placements = given.placements ?? new Placements(live.view, policy);
  if (!given.placements) live.subscribe((dirty) => placements.forget(dirty));
  return assembleApi({
    ports: boundPorts(live.view),
    place: () => undefined,
    remoteAddresses: remoteAddressPolicy(usualRemoteAddresses),
    rules: fixed(createPolicy({ defaults: defaultRules })),
    contained: new Contained(logger),
    slices: new Slices({ clock }),
    quotas: noQuota,
    terms: noTerms,
    warnBeforeMs: 3_600_000,
    writes: noWriteLimits,
    rate: { perSecond: 0, burst: 1 },
    strangers: openDoor,
    connections: noConnectionLimits,
    trustedProxies: [],
    checkRoom: () => undefined,
    neutron: null,
    portDeleted: () => undefined,
    version: null,
    receipts: null,
    audit: null,
    dashboard: null,
    onAnswered: () => undefined,
    tls: undefined,
    ...given,
    placements,
    limits: { ...defaultLimits, ...given.limits },
    statistics: { ...defaultDeskLimits, ...given.statistics },
    events: { ...usualEventLimits, ...given.events },
    captures: captures ? { ...captures, limits: { ...captureLimits, ...captures.limits } } : null,
  });
}
