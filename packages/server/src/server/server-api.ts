import type { FastifyInstance } from 'fastify';
import { captureReceiver } from '../captures/capture-receiver.js';
import type { ServerConfig } from '../config.js';
import { openDashboard } from '../dashboard/open-dashboard.js';
import { usualEventLimits } from '../events/event-desk.js';
import type { AnsweredRequests } from '../metrics/answered-requests.js';
import { receiptPlaces } from '../receipts/receipt-options.js';
import type { ServerFiles } from '../server-files.js';
import { serverVersion } from '../server-version.js';
import { defaultDeskLimits } from '../statistics/statistics-desk.js';
import { boundPorts, neutronPorts } from '../taps/admission/port-directory.js';
import { tapTerms } from '../taps/terms/term-options.js';
import { assembleApi } from './assemble-api.js';
import type { CloudParts } from './cloud-parts.js';
import type { LeaderParts } from './leader-parts.js';
import type { ServerDeps } from './server-deps.js';
import type { SharedParts } from './shared-parts.js';

export interface ServerApiParts {
  readonly shared: SharedParts;
  readonly cloud: CloudParts;
  readonly leader: LeaderParts;
  readonly files: ServerFiles;
  readonly answered: AnsweredRequests;
}

/** The API as the configuration has it. */
export function serverApi(config: ServerConfig, deps: ServerDeps, parts: ServerApiParts): FastifyInstance {
  const { shared, cloud, leader, files, answered } = parts;
  const { authenticator, lookup } = cloud;
  const { listen, rate_limit: rate, strangers, write_budget: budget } = config;
  return assembleApi({
    ...{ ...shared, authenticator, rules: files.rules, tls: files.tls, newId: deps.newId },
    ports: lookup ? neutronPorts(lookup) : boundPorts(shared.live.view),
    place: (port) => leader.ports.place(port),
    neutron: cloud.behind,
    portDeleted: (port) => lookup?.forget(port),
    version: serverVersion,
    quotas: config.quotas,
    terms: tapTerms(config.taps),
    rate: { perSecond: rate.per_second, burst: rate.burst },
    trustedProxies: listen.trusted_proxies,
    connections: { perClient: listen.connections_per_client, total: listen.max_connections },
    strangers: { perSecond: strangers.per_second, burst: strangers.burst, concurrent: strangers.concurrent },
    writes: { writesPerMinute: budget.writes_per_minute, bytesPerMinute: budget.bytes_per_minute },
    checkRoom: () => leader.etcdSpace?.checkRoom(),
    statistics: defaultDeskLimits,
    events: usualEventLimits,
    receipts: receiptPlaces(config.receipts),
    captures: captureReceiver(config.captures, {
      ...{ server: deps.replica, openReceiver: deps.openReceiver, logger: deps.logger.child({ part: 'captures' }) },
    }),
    dashboard: dashboardOf(config, deps, parts),
    onAnswered: (each) => answered.note(each),
    logger: deps.logger.child({ part: 'api' }),
  });
}

/** None without people who log in, nor without a page. */
function dashboardOf(config: ServerConfig, { page, logger }: ServerDeps, { shared, cloud, files }: ServerApiParts) {
  const { logins, authenticator } = cloud;
  if (!logins || !page || !config.dashboard.enabled) return null;
  return openDashboard(config.dashboard, page, {
    logins,
    authenticator,
    rules: files.rules,
    clock: shared.clock,
    requestMs: shared.limits.requestMs,
    logger: logger.child({ part: 'dashboard' }),
  });
}
