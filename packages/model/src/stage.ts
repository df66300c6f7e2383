/** What VPP counts at a stage of some kind of tap. */
type Metered = 'packets' | 'packets and bytes';
const both = 'packets and bytes';

/**
 * The chain of custody of a copy, in order: all that is known of each stage. A node counts those that it has part in.
 * - `what`: which frames, in the help of its metric.
 * - `balance`: 1 if they come into a node, -1 if they leave it or are accounted for, 0 if another stage counts the same frames.
 * - `loss`: the cause under which they count as lost; null: they are not lost. What a filter does not want was asked for.
 * - `of`: the kinds of taps that have the stage, and whether VPP counts bytes there.
 */
export const stageTable = {
  seen: {
    what: 'of the source port in the directions that are asked for, while they were mirrored',
    balance: 1,
    loss: null,
    of: { tap_flows: both, tap_services: both, tap_mirrors: both },
  },
  copied: {
    what: 'that VPP has handed to the mirror destination',
    balance: 0,
    loss: null,
    of: { tap_flows: both, tap_services: both, tap_mirrors: both },
  },
  filtered: {
    what: "that the tap's filter did not want",
    balance: -1,
    loss: null,
    of: { tap_flows: 'packets', tap_services: 'packets' },
  },
  thinned: {
    what: "over the operator's budget",
    balance: -1,
    loss: 'thinned',
    of: { tap_flows: both, tap_services: both, tap_mirrors: both },
  },
  sent: {
    what: 'that left the node',
    balance: -1,
    loss: null,
    of: { tap_services: both, tap_mirrors: 'packets' },
  },
  arrived: {
    what: 'that came from other nodes',
    balance: 1,
    loss: null,
    of: { tap_services: both },
  },
  receipts: {
    what: 'that came from a server for the collector, and are no copies',
    balance: 1,
    loss: null,
    of: { tap_services: both },
  },
  offered: {
    what: "handed to the collector's port",
    balance: -1,
    loss: null,
    of: { tap_services: both },
  },
  ring_dropped: {
    what: "that the collector's ring had no room for",
    balance: 0,
    loss: 'ring_full',
    of: { tap_services: 'packets' },
  },
  no_vm: {
    what: "for the collector's port while nothing was connected to it",
    balance: 0,
    loss: 'no_vm',
    of: { tap_services: 'packets' },
  },
  delivered: {
    what: 'handed to the collector and not dropped',
    balance: 0,
    loss: null,
    of: { tap_services: 'packets' },
  },
} as const satisfies Readonly<Record<string, StageFacts>>;

interface StageFacts {
  readonly what: string;
  readonly balance: 1 | 0 | -1;
  readonly loss: string | null;
  readonly of: { readonly [kind in 'tap_flows' | 'tap_services' | 'tap_mirrors']?: Metered };
}

export type Stage = keyof typeof stageTable;
export const stages = Object.keys(stageTable) as Stage[];
/** What is known of a stage. */
export const stageFacts = (stage: Stage): StageFacts => stageTable[stage];

/** Causes of loss that a stage of their own counts. */
export type StageLoss = Exclude<(typeof stageTable)[Stage]['loss'], null>;
/** Each stage that counts copies lost, with the cause. */
export const lossStages: readonly (readonly [stage: Stage, cause: StageLoss])[] = stages.flatMap((stage) => {
  const { loss } = stageTable[stage];
  return loss === null ? [] : [[stage, loss] as const];
});
