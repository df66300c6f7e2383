import { untilAborted } from '@taas/service';
import type { Trust } from '@taas/store';
import { type LeaderTask, lastingTask } from '../leader/leader-task.js';
import { expiryEveryMs } from '../taps/terms/tap-expiry.js';
import type { LeaderParts } from './leader-parts.js';
import type { SharedParts } from './shared-parts.js';

/** What the leading server does, in the order in which it begins. */
export function leaderTasks(parts: LeaderParts, shared: SharedParts, trust: Trust | undefined): readonly LeaderTask[] {
  const { physnets, compiler, ports, receipts, expiry, etcdSpace } = parts;
  const { audit, policy, remoteAddresses } = shared;
  return [
    movesTask(parts, shared),
    {
      name: 'physical networks',
      everyMs: null,
      begin: async (leadership) => {
        await physnets.prepare(leadership);
        return { run: () => physnets.lead(leadership) };
      },
    },
    lastingTask('compile', (leadership) => compiler.lead(leadership)),
    lastingTask('receipts', (leadership) => receipts.lead(leadership)),
    lastingTask('ports', (leadership) => ports.lead(leadership)),
    {
      name: 'taps whose time is over',
      everyMs: expiryEveryMs,
      begin: (leadership) => ({ run: () => expiry.round(leadership) }),
    },
    ...audit.tasks(policy, remoteAddresses),
    ...(etcdSpace?.tasks() ?? []),
    ...(trust ? [lastingTask('signatures', ({ fence, signal }) => trust.keepSigned([fence], signal))] : []),
  ];
}

function movesTask({ moves }: LeaderParts, { live, contained }: SharedParts): LeaderTask {
  return {
    name: 'moves of taps',
    everyMs: null,
    begin: ({ signal }) => {
      contained.attempt('moves of taps', () => moves.begin(), undefined);
      const end = live.subscribe((dirty) => moves.take(dirty));
      return { run: () => untilAborted(signal), end };
    },
  };
}
