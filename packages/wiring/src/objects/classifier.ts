import type { FrameClassifier } from './frame-classifier.js';
import { nameOf, type Ref, unseen, type VppObject } from './object.js';
import { Table, type ViewOf } from './table.js';

export type ClassifierStep =
  | { readonly kind: 'create-classifier'; readonly as: string; readonly classifier: FrameClassifier }
  /** The chain of tables that begins with this one. */
  | { readonly kind: 'delete-classifier'; readonly at: Ref }
  | { readonly kind: 'attach-classifier'; readonly at: Ref; readonly table: Ref }
  | { readonly kind: 'detach-classifier'; readonly at: Ref; readonly table: Ref };

/** The head of a chain of tables that is applied to what an interface receives; `classifier` null: not one of ours. */
export interface ActualClassifier {
  readonly table: number;
  readonly classifier: FrameClassifier | null;
}

export interface ClassifierTables {
  /** By interface. */
  readonly classifiers: Table<number, ActualClassifier>;
  /** Heads of chains that are ours and on no interface. */
  readonly spareClassifiers: Table<number, number>;
}

/** VPP's classifier tables, as filters of frames. What is on an interface shows in the bits of its features. */
export const classifierObject: VppObject<ClassifierStep, ClassifierTables> = {
  steps: {
    'create-classifier': {
      describe: (s) => `create ${s.as}: a classifier of ${s.classifier.tables.length} tables`,
      undo: (s) => ({ kind: 'delete-classifier', at: { ref: s.as } }),
      waits: false,
      refs: () => [],
      touches: () => ({}),
    },
    'delete-classifier': {
      describe: (s) => `delete the classifier ${nameOf(s.at)}`,
      undo: () => null,
      waits: true,
      refs: (s) => [s.at],
      touches: () => ({}),
    },
    'attach-classifier': {
      describe: (s) => `filter ${nameOf(s.at)} by the classifier ${nameOf(s.table)}`,
      undo: (s) => ({ kind: 'detach-classifier', at: s.at, table: s.table }),
      waits: false,
      refs: (s) => [s.at, s.table],
      touches: (s) => ({ own: [s.at] }),
    },
    'detach-classifier': {
      describe: (s) => `filter ${nameOf(s.at)} no more by the classifier ${nameOf(s.table)}`,
      undo: () => null,
      waits: false,
      refs: (s) => [s.at, s.table],
      touches: (s) => ({ own: [s.at] }),
    },
  },
  tables: () => ({ classifiers: new Table({}), spareClassifiers: new Table({}) }),
  follow: ({ classifiers }, { index, now }) => {
    if (!now) classifiers.delete(index);
  },
  withdraw: (index, actual) => detachClassifier(index, actual),
  deletion: null,
  fingerprint: unseen,
};

/** A classifier that is not ours is only taken off; ours goes. */
export function detachClassifier(
  index: number,
  { classifiers }: Pick<ViewOf<ClassifierTables>, 'classifiers'>,
): ClassifierStep[] {
  const attached = classifiers.get(index);
  if (!attached) return [];
  const table: Ref = { index: attached.table };
  const off: ClassifierStep = { kind: 'detach-classifier', at: { index }, table };
  return attached.classifier ? [off, { kind: 'delete-classifier', at: table }] : [off];
}
