import type { MetricDefinition, Metrics } from './metrics.js';

/** What every program of ours shows of itself, by the names that Prometheus's own clients use. */
export const processMetrics = {
  buildInfo: {
    name: 'taas_build_info',
    help: 'Always 1; the labels say what runs.',
    type: 'gauge',
    labels: ['program', 'version', 'node_version'],
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    help: 'Processor time that the process has used, in seconds.',
    type: 'counter',
    labels: [],
  },
  resident: {
    name: 'process_resident_memory_bytes',
    help: 'Memory that the process has in RAM.',
    type: 'gauge',
    labels: [],
  },
  heap: {
    name: 'nodejs_heap_size_used_bytes',
    help: 'Memory of the JavaScript heap that is in use.',
    type: 'gauge',
    labels: [],
  },
  started: {
    name: 'process_start_time_seconds',
    help: 'When the process started, in seconds since 1970-01-01 00:00 UTC.',
    type: 'gauge',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

export interface ProcessFacts {
  /** The program's name, such as `taas-server`. */
  readonly program: string;
  readonly version: string;
}

export function exposeProcess(metrics: Metrics, { program, version }: ProcessFacts): void {
  const labels = { program, version, node_version: process.version };
  const startedAt = performance.timeOrigin / 1_000;
  metrics.expose(processMetrics.buildInfo, () => [{ labels, value: 1 }]);
  metrics.expose(processMetrics.cpu, () => {
    const { user, system } = process.cpuUsage();
    return [{ value: (user + system) / 1e6 }];
  });
  metrics.expose(processMetrics.resident, () => [{ value: process.memoryUsage.rss() }]);
  metrics.expose(processMetrics.heap, () => [{ value: process.memoryUsage().heapUsed }]);
  metrics.expose(processMetrics.started, () => [{ value: startedAt }]);
}
