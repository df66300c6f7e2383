import type { ResourceKind } from '@taas/model';
import type { Compare, KeyValue, Operation } from '@taas/store';

/** A write and what must still be true for it. Steps go out in order; several may share a transaction. */
export interface Step {
  readonly compare: readonly Compare[];
  readonly operations: readonly Operation[];
  /** What is to be added up together with it: to be completed by `completing`. */
  readonly folds?: readonly Fold[];
}

/** The last figures that a node has written of a tap; null: it must have had some, and they have not come. */
export interface Fold {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly final: KeyValue | null;
}

/** Deletes a key as it was seen. */
export function removal(entry: { readonly key: string; readonly revision: number }): Step {
  return { compare: guard(entry), operations: [{ kind: 'delete', key: entry.key }] };
}

/** That a key is still as it was seen. */
export function guard(entry: { readonly key: string; readonly revision: number } | undefined): Compare[] {
  return entry ? [{ kind: 'mod-revision', key: entry.key, revision: entry.revision }] : [];
}
