import type { MetricDefinition, Metrics, Sample } from '@taas/service';

/** What a server shows of itself, besides what every program does. */
export const serverMetrics = {
  requests: {
    name: 'taas_api_requests_total',
    help: 'Requests that the API has answered itself, by method and status; what passes through to Neutron is not among them.',
    type: 'counter',
    labels: ['method', 'status'],
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
  malformed: {
    name: 'taas_malformed_records',
    help: 'Records in etcd that cannot be used; /readyz names them.',
    type: 'gauge',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

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
}

export function exposeServer(metrics: Metrics, now: () => ServerFigures): void {
  metrics.expose(serverMetrics.requests, () => now().requests);
  metrics.expose(serverMetrics.leader, () => [{ value: now().leading ? 1 : 0 }]);
  metrics.expose(serverMetrics.inSight, () => [{ value: now().fresh ? 1 : 0 }]);
  for (const name of ['backlog', 'transactions', 'conflicts', 'failures'] as const)
    metrics.expose(serverMetrics[name], () => [{ value: now().compiler[name] }]);
  metrics.expose(serverMetrics.malformed, () => [{ value: now().malformed }]);
}
