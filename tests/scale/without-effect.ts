import type { Figures } from './figures.js';
import type { ScaleCloud } from './scale-cloud.js';

/**
 * Does something after which all must be as before: no node is told anything, nothing is touched in a data plane, and every tap
 * stands. What is written of others, states for instance, is counted for a node that took part.
 */
export async function withoutEffect(
  { cloud, figures, scenario, nodes }: { cloud: ScaleCloud; figures: Figures; scenario: string; nodes: number },
  happens: () => Promise<void>,
): Promise<void> {
  const before = cloud.watch.counted();
  const toldBefore = before.get('node-resource')?.writes ?? 0;
  const stepsBefore = stepsOf((await cloud.nodes.facts()).steps);
  await happens();
  await cloud.settled();
  const facts = await cloud.nodes.facts();
  const steps = stepsOf(facts.steps) - stepsBefore;
  const told = (cloud.watch.counted().get('node-resource')?.writes ?? 0) - toldBefore;
  const { writes } = cloud.watch.changesSince(before);
  figures.add({ scenario, what: 'steps carried out in data planes', unit: '', samples: [steps], most: 0 });
  figures.add({ scenario, what: 'records of nodes written', unit: '', samples: [told], most: 0 });
  figures.add({ scenario, what: 'taps that do not stand', unit: '', samples: [facts.taps - facts.active], most: 0 });
  // Its own record goes and comes; what it says of its taps does not change.
  figures.add({ scenario, what: 'keys written for a node', unit: '', samples: [writes / nodes], most: 4 });
  cloud.plan.say(`  keys written for a node, with heartbeats: ${cloud.watch.kindsSince(before, nodes)}`);
}

const stepsOf = (steps: Readonly<Record<string, number>>): number =>
  Object.entries(steps).reduce((sum, [kind, count]) => (kind === 'check-port' ? sum : sum + count), 0);
