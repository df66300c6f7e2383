import type { ActualInterface, InterfaceTable } from './interface.js';
import type { ViewOf } from './table.js';

/** An interface, ACL, classifier table or policer: one that VPP has, by index, or one that an earlier step of the same plan makes, by name. */
export type Ref = { readonly index: number } | { readonly ref: string };

/**
 * One change of VPP, as data: it can be printed, undone and tested without a VPP. A step that makes something names it
 * (`as`); one that changes something carries what was there before, so that it can be undone.
 */
export interface AnyStep {
  readonly kind: string;
}

/** What has to be read again after a step: interfaces, and which rows of the step's own object, if it can be read row by row. */
export interface Touches {
  readonly interfaces?: readonly Ref[];
  readonly own?: readonly Ref[];
}

/** All there is to say of one kind of step `S`; `All` are the steps that may undo it. */
export interface StepRules<S, All> {
  /** One line for people. */
  readonly describe: (step: S) => string;
  /**
   * The step that takes back what this one made, or null if nothing is to be taken back. Undoing a sequence must leave
   * no orphan behind and must never widen what is copied to whom; it need not restore what was unwanted anyway.
   */
  readonly undo: (step: S) => All | null;
  /**
   * Whether it waits for the answers to all earlier steps of its sequence: what opens a mirror, and what frees an index. The
   * others are sent right behind each other; VPP carries them out in that order.
   */
  readonly waits: boolean;
  /** All things that it names. */
  readonly refs: (step: S) => readonly Ref[];
  readonly touches: (step: S) => Touches;
}

export type StepTable<S extends AnyStep, All = S> = {
  readonly [K in S['kind']]: StepRules<Extract<S, { readonly kind: K }>, All>;
};

/** An interface as it was and as it is; undefined: it is not there. */
export interface InterfaceChange {
  readonly index: number;
  readonly old: ActualInterface | undefined;
  readonly now: ActualInterface | undefined;
}

/** How others' meddling is noticed: what these return is compared with what they returned before, and means nothing else. */
export interface Fingerprint<T> {
  /** Of all such objects with a tag of ours; nothing if there is none. */
  readonly tagged: (tag: string, actual: ViewOf<T>) => readonly unknown[];
  /** What an interface of ours has of it. */
  readonly on: (index: number, actual: ViewOf<T>) => readonly unknown[];
  /** What an interface that we mirror has of it. */
  readonly source: (index: number, actual: ViewOf<T>) => readonly unknown[];
}

/** An object that is an interface: deleting it frees its index, which VPP gives to the next one at once. */
export interface InterfaceDeletion<S extends AnyStep, T> {
  readonly kind: Extract<S, { readonly at: Ref }>['kind'];
  /** The step that deletes it, or null if this interface is of another kind. */
  readonly of: (entry: ActualInterface, actual: ViewOf<T>) => S | null;
}

/**
 * One kind of VPP's objects, whole: the steps that change it (`S`), the tables of what is known of it (`T`), and what must
 * be thought of when an interface that may have it goes. `U` are steps of other objects that it uses. The agent has its twin,
 * which says how the steps are sent and how the tables are read.
 */
export interface VppObject<S extends AnyStep, T extends object, U extends AnyStep = never> {
  readonly steps: StepTable<S, S | U>;
  /** Empty tables. */
  readonly tables: (interfaces: InterfaceTable) => T;
  /** Keeps the tables right when an interface comes, goes or changes: VPP forgets some things with it, and keeps others. */
  readonly follow: (tables: T, change: InterfaceChange) => void;
  /** Takes it off an interface that is to be deleted: VPP would leave it to whoever gets the index next. */
  readonly withdraw: (index: number, actual: ViewOf<T>) => readonly (S | U)[];
  /** Null: it is no interface. */
  readonly deletion: InterfaceDeletion<S, T> | null;
  readonly fingerprint: Fingerprint<T>;
}

/** For objects of which there is nothing to see but what other objects' fingerprints show. */
export const unseen: Fingerprint<object> = { tagged: () => [], on: () => [], source: () => [] };

export function nameOf(ref: Ref): string {
  return 'ref' in ref ? ref.ref : `interface ${ref.index}`;
}
