import { keys, type ResourceKind } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';
import type { Entry, ValuedEntry } from '../view/entry.js';
import type { WantedRecord } from './compiled.js';
import { isAlive } from './service-slice.js';
import { type Fold, guard, type Step } from './step.js';

// What every unit that is compiled has in common, a tap service with its flows and a tap mirror alike: nodes are told of it, it is
// taken off them in two steps, and it is gone when they have confirmed.

/** What nodes say. */
type Reports = Pick<ClusterView, 'states'> & Partial<Pick<ClusterView, 'finals'>>;

/** A node's record as far as its end is concerned, whatever it is about. */
type Published = Pick<Entry<{ readonly removed?: boolean }>, 'revision' | 'record'> & {
  readonly node: string;
  readonly kind: ResourceKind;
  readonly id: string;
};

/** Whether the node has answered this very tombstone: nothing is left. */
export function confirmed(entry: Published, context: Reports): boolean {
  const state = context.states.get(entry)?.record;
  return state?.status === 'REMOVED' && state.revision >= entry.revision;
}

/** Whether every node that was told has a tombstone, and has confirmed it unless it cannot answer. */
export function isGone(published: readonly Published[], context: Pick<ClusterView, 'states' | 'agents'>): boolean {
  return published.every(
    (entry) => entry.record?.removed === true && (confirmed(entry, context) || !isAlive(context, entry.node)),
  );
}

/**
 * Tells a node what it should do. Null if it has been told that.
 * @param taps what it is about: a node must not be told of what was deleted meanwhile
 */
export function tellNode(
  { key, value }: Pick<WantedRecord, 'key' | 'value'>,
  current: Pick<ValuedEntry<unknown>, 'revision' | 'value'> | undefined,
  taps: readonly (Pick<Entry<unknown>, 'key' | 'revision'> | undefined)[],
): Step | null {
  if (current?.value === value) return null;
  const unchanged = current
    ? ({ kind: 'mod-revision', key, revision: current.revision } as const)
    : ({ kind: 'absent', key } as const);
  return { compare: [unchanged, ...taps.flatMap(guard)], operations: [{ kind: 'put', key, value }] };
}

/**
 * The next step towards a node's record being gone; null if somebody else has to act first.
 * @param tombstone the record rewritten to say that nothing of it may be left, or null if that cannot be said
 */
export function takeAway(
  current: Published & { readonly key: string; readonly value: string },
  tombstone: () => string | null,
  context: Reports,
): Step | null {
  const { key, revision } = current;
  const unchanged = { kind: 'mod-revision', key, revision } as const;
  if (!current.record?.removed) {
    const value = tombstone();
    // One that stands there already and cannot be read would be written again and again.
    if (value === null || value === current.value) return null;
    return { compare: [unchanged], operations: [{ kind: 'put', key, value }] };
  }
  if (!confirmed(current, context)) return null;
  const state = context.states.get(current);
  const folds = foldsOf(current, context, state?.record?.figures === 'none');
  return {
    ...(folds.length > 0 ? { folds } : {}),
    compare: [unchanged, ...guard(state)],
    operations: [{ kind: 'delete', key }, ...(state ? [{ kind: 'delete', key: state.key } as const] : [])],
  };
}

/**
 * The last figures of what is taken off a node, and of a flow's tap service there: it has no record of its own where only flows are.
 * @param isUncounted the node says that nothing of it has been counted
 */
function foldsOf({ node, kind, id, record }: Published, { finals }: Reports, isUncounted: boolean): Fold[] {
  if (!finals) return [];
  const service = record && 'tap_service_id' in record ? String(record.tap_service_id) : null;
  const taps: Pick<Fold, 'kind' | 'id'>[] = [
    { kind, id },
    ...(service === null ? [] : [{ kind: 'tap_services', id: service } as const]),
  ];
  const found = taps.map((tap) => ({ ...tap, final: finals.get(keys.statistics(node, tap.kind, tap.id)) ?? null }));
  // An agent writes a flow's and its service's together: where the flow's has come, the service has other flows there.
  const isMissing = !isUncounted && found[0]?.final === null;
  return found.filter(({ final }) => final !== null || isMissing);
}
