import type { ActualInterface } from '../objects/interface.js';
import { featureBits } from '../objects/layer2-features.js';
import { withdrawPolicer } from '../objects/policer.js';
import type { ActualView } from '../snapshot.js';
import type { Ref, Step } from '../steps.js';

/** A loopback whose copies are policed. */
export interface PolicedPlace {
  /** The loopback's tag, and the policer's name. */
  readonly tag: string;
  /** Undefined: it is made by the same plan. */
  readonly loopback: ActualInterface | undefined;
  readonly at: Ref;
  /** It is in its bridge domain and stays there: leaving layer 2 switches policing off, with no change to what VPP lists. */
  readonly stays: boolean;
}

/**
 * Puts a policer of `kbps` on what comes in by a loopback, or takes it away (null). A policer of layer 2 hangs on a
 * classifier table, which matches every frame here. The loopback must be in its bridge domain by then.
 */
export function planPolicer(
  { tag, loopback, at, stays }: PolicedPlace,
  kbps: number | null,
  actual: ActualView,
): Step[] {
  const withdrawn = loopback ? withdrawPolicer(loopback.index, actual) : [];
  const own = new Set(loopback ? [loopback.index] : []);
  if (kbps === null) return [...withdrawn, ...removePolicer(tag, actual, own)];
  const applied = loopback && actual.policings.get(loopback.index);
  const named = actual.policers.get(tag);
  if (loopback && named && applied?.policer?.name === tag) {
    const { index } = applied.policer;
    const alive = stays && ((actual.features.get(loopback.index)?.input ?? 0) & featureBits.inputPolicer) !== 0;
    const table: Ref = { index: applied.table };
    return [
      ...withdrawElsewhere(tag, actual, own),
      ...(named.kbps === kbps ? [] : [{ kind: 'update-policer', index, name: tag, kbps } as const]),
      ...(alive
        ? []
        : [{ kind: 'detach-policer', at, table } as const, { kind: 'attach-policer', at, table } as const]),
    ];
  }
  const [policer, table] = [`policer:${tag}`, `policing:${tag}`];
  return [
    ...removePolicer(tag, actual, own),
    { kind: 'create-policer', as: policer, name: tag, kbps },
    { kind: 'create-policing', as: table, policer: { ref: policer } },
    ...withdrawn,
    { kind: 'attach-policer', at, table: { ref: table } },
  ];
}

/**
 * Deletes a policer, having taken it off everything: a table goes on by the index of a policer that is gone.
 * @param done interfaces from which earlier steps of the sequence take it off
 */
export function removePolicer(name: string, actual: ActualView, done: ReadonlySet<number>): Step[] {
  const steps = withdrawElsewhere(name, actual, done);
  return actual.policers.get(name) ? [...steps, { kind: 'delete-policer', name }] : steps;
}

/** A loopback that somebody else has deleted leaves its policing to the next interface, whosever that is. */
function withdrawElsewhere(name: string, actual: ActualView, except: ReadonlySet<number>): Step[] {
  return [...actual.policings.keysBy('policer', name)]
    .filter((index) => !except.has(index))
    .flatMap((i) => withdrawPolicer(i, actual));
}
