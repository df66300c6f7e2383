import type { MetricDefinition, Metrics } from '@taas/service';
import type { Counters } from './counters.js';

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
} as const satisfies Record<string, MetricDefinition>;

export interface AgentFigures {
  readonly counters: Readonly<Counters>;
  readonly pending: number;
  readonly connected: boolean;
}

export function exposeAgent(metrics: Metrics, now: () => AgentFigures): void {
  for (const name of ['plans', 'steps', 'undone', 'failures'] as const)
    metrics.expose(agentMetrics[name], () => [{ value: now().counters[name] }]);
  metrics.expose(agentMetrics.pending, () => [{ value: now().pending }]);
  metrics.expose(agentMetrics.vpp, () => [{ value: now().connected ? 1 : 0 }]);
}
