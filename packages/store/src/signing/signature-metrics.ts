import type { MetricDefinition, Metrics } from '@taas/service';
import type { SignatureDesk } from './signature-desk.js';
import { refusals } from './signature-error.js';

export const signatureMetrics = {
  refused: {
    name: 'taas_signature_refused_total',
    help: 'Values of etcd that were not believed because of their signature, by reason.',
    type: 'counter',
    labels: ['reason'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Each reason is there from the start: an alert needs a value to compare the first refusal with. */
export function exposeRefusals(metrics: Metrics, desks: readonly Pick<SignatureDesk, 'refusedFor'>[]): void {
  metrics.expose(signatureMetrics.refused, () =>
    refusals.map((reason) => ({
      labels: { reason },
      value: desks.reduce((sum, desk) => sum + desk.refusedFor(reason), 0),
    })),
  );
}
