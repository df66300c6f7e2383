import { silentLogger } from '@taas/service';
import type { Store } from '@taas/store';
import { createSnapshot, describeStep, interestOf, planNode, verify } from '@taas/wiring';
import type { AgentConfig } from './config.js';
import { Contained } from './contained.js';
import { BudgetKeeper } from './probes/budget-keeper.js';
import { nodeFacts } from './reconcile/node-facts.js';
import { learnFeatureBits } from './vpp/learn-feature-bits.js';
import type { Vpp } from './vpp/vpp-messages.js';
import { VppReader } from './vpp/vpp-reader.js';
import { everyTap } from './wanted/tap-ids.js';
import { WantedFollower } from './wanted/wanted-follower.js';

/**
 * Reads the store and VPP once, leaves both as they are (to understand VPP, an interface is made and taken away again), and says line by line
 * what the agent would do, and how taps stand.
 */
export async function dryRun(config: AgentConfig, store: Store, vpp: Vpp, signal: AbortSignal): Promise<string[]> {
  const wanted = await readWanted(config, store, signal);
  const snapshot = createSnapshot();
  const contained = new Contained({ logger: silentLogger, counters: { failures: 0 } });
  const bridgeDomains = [config.bridge_domains.first, config.bridge_domains.last] as const;
  const bits = await learnFeatureBits({ vpp, bridgeDomains, as: 'dry-run' });
  const reader = new VppReader(vpp, snapshot, contained, () => bits);
  await reader.readAll();
  const interest = interestOf(everyTap(wanted), wanted, snapshot);
  await reader.readDetails(interest);
  const budget = new BudgetKeeper(config.budget, silentLogger, contained);
  budget.attach(vpp);
  const plan = planNode(wanted, snapshot, nodeFacts(config, budget, new Map(), vpp.version.version), interest.unseen);
  const steps = plan.sequences.flatMap(({ key, steps }) => [
    `${key}:`,
    ...steps.map((step) => `  ${describeStep(step)}`),
  ]);
  const taps = verify(plan).map(({ kind, id, status, reason }) => `${kind}/${id}: ${status} ${reason}`.trimEnd());
  return [...(steps.length > 0 ? steps : ['nothing to do']), ...taps];
}

async function readWanted(config: AgentConfig, store: Store, signal: AbortSignal) {
  const once = new AbortController();
  const done = () => once.abort();
  const follower = new WantedFollower(store, config.node, silentLogger, { changed: done, replaced: done });
  await follower.follow(AbortSignal.any([signal, once.signal]));
  signal.throwIfAborted();
  return follower.wanted;
}
