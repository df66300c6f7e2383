import type { ClassifierStep } from './classifier.js';
import { nameOf, type Ref, unseen, type VppObject } from './object.js';
import { Table, type ViewOf } from './table.js';

export type PolicerStep =
  | { readonly kind: 'create-policer'; readonly as: string; readonly name: string; readonly kbps: number }
  /** In place: nothing is let through unpoliced meanwhile. */
  | { readonly kind: 'update-policer'; readonly index: number; readonly name: string; readonly kbps: number }
  | { readonly kind: 'delete-policer'; readonly name: string }
  /** A classifier table that hands every frame to a policer. */
  | { readonly kind: 'create-policing'; readonly as: string; readonly policer: Ref }
  | { readonly kind: 'attach-policer'; readonly at: Ref; readonly table: Ref }
  | { readonly kind: 'detach-policer'; readonly at: Ref; readonly table: Ref };

export interface ActualPolicer {
  readonly name: string;
  /** kbit/s; null: not one that we would make. */
  readonly kbps: number | null;
}

/** What polices the frames that come in by an interface. */
export interface ActualPolicing {
  readonly table: number;
  /** Whether the table is of our making. */
  readonly isOurs: boolean;
  /** The policer that the table names; null: none, or one of others. */
  readonly policer: { readonly index: number; readonly name: string } | null;
}

export interface PolicerTables {
  /** Ours, by name. */
  readonly policers: Table<string, ActualPolicer>;
  /** By interface; `policer`: by the name of the policer. */
  readonly policings: Table<number, ActualPolicing, 'policer'>;
  /** The table in use at each index, those of interfaces that are gone among them: VPP keeps it for whoever gets the index. */
  readonly policingTables: Table<number, number>;
}

/** A policer of layer 2, which hangs on a classifier table. What is on an interface shows in the bits of its features. */
export const policerObject: VppObject<PolicerStep, PolicerTables, ClassifierStep> = {
  steps: {
    'create-policer': {
      describe: (s) => `create ${s.as}: ${s.kbps} kbit/s`,
      undo: (s) => ({ kind: 'delete-policer', name: s.name }),
      waits: false,
      refs: () => [],
      touches: () => ({}),
    },
    'update-policer': {
      describe: (s) => `change policer ${s.name} to ${s.kbps} kbit/s`,
      undo: () => null,
      waits: false,
      refs: () => [],
      touches: () => ({}),
    },
    'delete-policer': {
      describe: (s) => `delete policer ${s.name}`,
      undo: () => null,
      waits: true,
      refs: () => [],
      touches: () => ({}),
    },
    'create-policing': {
      describe: (s) => `create ${s.as}: every frame to ${nameOf(s.policer)}`,
      undo: (s) => ({ kind: 'delete-classifier', at: { ref: s.as } }),
      waits: false,
      refs: (s) => [s.policer],
      touches: () => ({}),
    },
    'attach-policer': {
      describe: (s) => `police ${nameOf(s.at)} by ${nameOf(s.table)}`,
      undo: (s) => ({ kind: 'detach-policer', at: s.at, table: s.table }),
      waits: false,
      refs: (s) => [s.at, s.table],
      touches: (s) => ({ own: [s.at] }),
    },
    'detach-policer': {
      describe: (s) => `police ${nameOf(s.at)} no more by ${nameOf(s.table)}`,
      undo: () => null,
      waits: false,
      refs: (s) => [s.at, s.table],
      touches: (s) => ({ own: [s.at] }),
    },
  },
  tables: () => ({
    policers: new Table({}),
    policings: new Table({ policer: ({ policer }) => (policer ? [policer.name] : []) }),
    policingTables: new Table({}),
  }),
  follow: ({ policings }, { index, now }) => {
    if (!now) policings.delete(index);
  },
  withdraw: (index, actual) => withdrawPolicer(index, actual),
  deletion: null,
  fingerprint: unseen,
};

/** Takes policing off an interface, the table with it if it is ours: VPP would leave both to whoever gets the index. */
export function withdrawPolicer(
  index: number,
  { policings }: Pick<ViewOf<PolicerTables>, 'policings'>,
): (PolicerStep | ClassifierStep)[] {
  const applied = policings.get(index);
  if (!applied) return [];
  const table: Ref = { index: applied.table };
  const off: PolicerStep = { kind: 'detach-policer', at: { index }, table };
  return applied.isOurs ? [off, { kind: 'delete-classifier', at: table }] : [off];
}
