import type { MetricDefinition, Metrics } from '@taas/service';
import type { Counters } from './counters.js';
import type { CounterSource } from './statistics/counter-source.js';

/** What an agent shows of itself, besides what every program does. */
export const agentMetrics = {
  plans: {
    name: 'taas_agent_plans_total',
    help: 'Plans that the agent has made: comparisons of what is wanted with what VPP has.',
    type: 'counter',
    labels: [],
  },
  steps: {
    name: 'taas_agent_steps_total',
    help: 'Steps of plans that the agent has carried out in VPP.',
    type: 'counter',
    labels: [],
  },
  undone: {
    name: 'taas_agent_undone_total',
    help: 'Times that a tap was found undone by somebody else.',
    type: 'counter',
    labels: [],
  },
  failures: {
    name: 'taas_agent_failures_total',
    help: 'Sequences of steps that failed, and reconcile passes that were not finished.',
    type: 'counter',
    labels: [],
  },
  pending: {
    name: 'taas_agent_pending_taps',
    help: 'Taps that the agent has still to deal with.',
    type: 'gauge',
    labels: [],
  },
  vpp: {
    name: 'taas_agent_vpp_connected',
    help: '1 while the agent is connected to VPP, else 0.',
    type: 'gauge',
    labels: [],
  },
  segmentRead: {
    name: 'taas_agent_statistics_segment_read',
    help: "1 while VPP's counters are read from its statistics segment, 0 while they are read by its command line.",
    type: 'gauge',
    labels: [],
  },
  segmentFailures: {
    name: 'taas_agent_statistics_segment_failures_total',
    help: "Times that VPP's statistics segment could not be read.",
    type: 'counter',
    labels: [],
  },
  buffersAvailable: {
    name: 'taas_vpp_buffers_available',
    help: 'Buffers for packets that VPP has left.',
    type: 'gauge',
    labels: [],
  },
  buffersUsed: {
    name: 'taas_vpp_buffers_used',
    help: 'Buffers for packets that VPP uses.',
    type: 'gauge',
    labels: [],
  },
  segmentFree: {
    name: 'taas_vpp_stats_segment_free_bytes',
    help: "Memory that is left in VPP's statistics segment.",
    type: 'gauge',
    labels: [],
  },
  segmentUsed: {
    name: 'taas_vpp_stats_segment_used_bytes',
    help: "Memory that is used in VPP's statistics segment.",
    type: 'gauge',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

export interface AgentFigures {
  readonly counters: Readonly<Counters>;
  readonly pending: number;
  readonly connected: boolean;
  readonly source: Pick<CounterSource, 'method' | 'failures' | 'gauges'>;
}

export function exposeAgent(metrics: Metrics, now: () => AgentFigures): void {
  for (const name of ['plans', 'steps', 'undone', 'failures'] as const)
    metrics.expose(agentMetrics[name], () => [{ value: now().counters[name] }]);
  metrics.expose(agentMetrics.pending, () => [{ value: now().pending }]);
  metrics.expose(agentMetrics.segmentRead, () => [{ value: now().source.method === 'segment' ? 1 : 0 }]);
  metrics.expose(agentMetrics.segmentFailures, () => [{ value: now().source.failures }]);
  for (const name of ['buffersAvailable', 'buffersUsed', 'segmentFree', 'segmentUsed'] as const)
    metrics.expose(agentMetrics[name], () => {
      const value = now().source.gauges[name];
      return value === undefined ? [] : [{ value }];
    });
  metrics.expose(agentMetrics.vpp, () => [{ value: now().connected ? 1 : 0 }]);
}
