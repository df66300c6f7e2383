import type { CertificateEnd } from './certificate-ends.js';
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
  certificate: {
    name: 'taas_certificate_expiry_timestamp_seconds',
    help: 'When a certificate that the program reads from a file expires, by the option that names the file; of authorities, the last of them.',
    type: 'gauge',
    labels: ['certificate'],
  },
} as const satisfies Record<string, MetricDefinition>;

export interface ProcessFacts {
  /** The program's name, such as `taas-server`. */
  readonly program: string;
  readonly version: string;
  /** Those in use now. */
  readonly certificates: () => readonly CertificateEnd[];
}

export function exposeProcess(metrics: Metrics, { program, version, certificates }: ProcessFacts): void {
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
  metrics.expose(processMetrics.certificate, () =>
    certificates().map(({ option, ends }) => ({ labels: { certificate: option }, value: ends / 1_000 })),
  );
}
