import type { HistogramDefinition, MetricDefinition, Metrics, Sample } from '@taas/service';

/** What a server shows of itself, besides what every program does. */
export const serverMetrics = {
  requests: {
    name: 'taas_api_requests_total',
    help: 'Requests that the API has answered itself, by method, resource and status; what passes through to Neutron is not among them.',
    type: 'counter',
    labels: ['method', 'resource', 'status'],
  },
  leader: {
    name: 'taas_leader',
    help: '1 on the server whose compiler writes, else 0.',
    type: 'gauge',
    labels: [],
  },
  inSight: {
    name: 'taas_etcd_in_sight',
    help: '1 while what the server knows of etcd is up to date, else 0.',
    type: 'gauge',
    labels: [],
  },
  backlog: {
    name: 'taas_compiler_backlog',
    help: 'Keys that the compiler of the leading server has still to look at.',
    type: 'gauge',
    labels: [],
  },
  transactions: {
    name: 'taas_compiler_transactions_total',
    help: 'Transactions that the compiler of this server has sent to etcd.',
    type: 'counter',
    labels: [],
  },
  conflicts: {
    name: 'taas_compiler_conflicts_total',
    help: 'Transactions of the compiler that were refused because somebody else had been faster.',
    type: 'counter',
    labels: [],
  },
  failures: {
    name: 'taas_compiler_failures_total',
    help: 'Times that the compiler could not deal with a key, and tried again later.',
    type: 'counter',
    labels: [],
  },
  eventAge: {
    name: 'taas_etcd_event_age_seconds',
    help: 'Time since the server has last heard of a change in etcd; absent before the first.',
    type: 'gauge',
    labels: [],
  },
  etcdBytes: {
    name: 'taas_etcd_db_bytes',
    help: "Size of etcd's database, of the fullest member; absent where it cannot be asked.",
    type: 'gauge',
    labels: [],
  },
  etcdQuota: {
    name: 'taas_etcd_quota_bytes',
    help: "The size of etcd's database at which it takes no more, as etcd_space.quota_bytes says.",
    type: 'gauge',
    labels: [],
  },
  agents: {
    name: 'taas_agents',
    help: 'Agents by state: there, or silent (its lease is held, but nothing is heard of it).',
    type: 'gauge',
    labels: ['state'],
  },
  taps: {
    name: 'taas_taps',
    help: 'Tap services, flows and mirrors by status; counted in the background, so some seconds old; absent at the first scrape.',
    type: 'gauge',
    labels: ['kind', 'status'],
  },
  expiring: {
    name: 'taas_taps_expiring',
    help: 'Taps that end by themselves within taps.warn_before_s, by kind; counted together with taas_taps.',
    type: 'gauge',
    labels: ['kind'],
  },
  receipts: {
    name: 'taas_receipt_tap_services',
    help: 'Tap services to which the leading server sends receipts, by whether the last one had figures.',
    type: 'gauge',
    labels: ['figures'],
  },
  receiptProblems: {
    name: 'taas_receipt_problems',
    help: 'What keeps the leading server from sending receipts as it should; /readyz says it; absent where it sends none.',
    type: 'gauge',
    labels: [],
  },
  malformed: {
    name: 'taas_malformed_records',
    help: 'Records in etcd that cannot be used; /readyz names them.',
    type: 'gauge',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** How long things take: from half a millisecond to what is given up. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Distributions, which are counted as things happen. */
export const serverHistograms = {
  requestDuration: {
    name: 'taas_api_request_duration_seconds',
    help: 'Time that the API took to answer requests, by method and resource.',
    type: 'histogram',
    labels: ['method', 'resource'],
    buckets,
  },
  etcdDuration: {
    name: 'taas_etcd_request_duration_seconds',
    help: 'Time that calls to etcd took, failed ones included, by operation.',
    type: 'histogram',
    labels: ['operation'],
    buckets,
  },
} as const satisfies Record<string, HistogramDefinition>;

export interface ServerFigures {
  readonly requests: Iterable<Sample>;
  readonly leading: boolean;
  readonly fresh: boolean;
  readonly compiler: {
    readonly backlog: number;
    readonly transactions: number;
    readonly conflicts: number;
    readonly failures: number;
  };
  readonly malformed: number;
  /** In ms; null before the first event. */
  readonly eventAgeMs: number | null;
  readonly space: { readonly dbBytes: number; readonly quotaBytes: number } | null;
  readonly agents: { readonly there: number; readonly silent: number };
  /** Null where this server sends none. */
  readonly receipts: { readonly services: number; readonly withoutFigures: number; readonly problems: number } | null;
}

/** The last count of taps; `all` may begin the next. */
export interface TapFigures {
  readonly all: () => Iterable<Sample>;
  readonly expiring: () => Iterable<Sample>;
}

export function exposeServer(metrics: Metrics, now: () => ServerFigures, taps: TapFigures): void {
  metrics.expose(serverMetrics.requests, () => now().requests);
  metrics.expose(serverMetrics.leader, () => [{ value: now().leading ? 1 : 0 }]);
  metrics.expose(serverMetrics.inSight, () => [{ value: now().fresh ? 1 : 0 }]);
  for (const name of ['backlog', 'transactions', 'conflicts', 'failures'] as const)
    metrics.expose(serverMetrics[name], () => [{ value: now().compiler[name] }]);
  metrics.expose(serverMetrics.eventAge, () => optional(now().eventAgeMs, (ms) => ms / 1000));
  metrics.expose(serverMetrics.etcdBytes, () => optional(now().space, ({ dbBytes }) => dbBytes));
  metrics.expose(serverMetrics.etcdQuota, () => optional(now().space, ({ quotaBytes }) => quotaBytes));
  metrics.expose(serverMetrics.agents, () =>
    Object.entries(now().agents).map(([state, value]) => ({ labels: { state }, value })),
  );
  metrics.expose(serverMetrics.taps, taps.all);
  metrics.expose(serverMetrics.expiring, taps.expiring);
  metrics.expose(serverMetrics.receipts, () => {
    const { receipts } = now();
    if (receipts === null) return [];
    const { services, withoutFigures } = receipts;
    return [
      { labels: { figures: 'yes' }, value: services - withoutFigures },
      { labels: { figures: 'no' }, value: withoutFigures },
    ];
  });
  metrics.expose(serverMetrics.receiptProblems, () => optional(now().receipts, ({ problems }) => problems));
  metrics.expose(serverMetrics.malformed, () => [{ value: now().malformed }]);
}

/** Nothing is shown of what is not known. */
const optional = <T>(value: T | null, shown: (value: T) => number): Sample[] =>
  value === null ? [] : [{ value: shown(value) }];
