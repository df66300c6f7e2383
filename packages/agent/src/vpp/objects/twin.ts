import type { AnyStep, Ref, VppSnapshot } from '@taas/wiring';
import type { Contained } from '../../contained.js';
import type { Alternatives } from '../alternatives.js';
import type { FeatureBits } from '../feature-bits.js';
import type { Vpp } from '../vpp-messages.js';

/** Where an object is read from, and what it is written to. */
export interface ReadContext {
  readonly vpp: Vpp;
  readonly snapshot: VppSnapshot;
  readonly contained: Contained;
  /** Which bit of VPP's is which feature; null: nobody knows yet, and no features can be read. */
  readonly bits: FeatureBits | null;
}

export interface SendContext extends Pick<ReadContext, 'vpp' | 'snapshot'> {
  /** The index of what a step names. @throws Error for a name that no step has made */
  readonly at: (ref: Ref) => number;
}

/** A step that makes something resolves with the index that VPP gave it. */
type Outcome<S> = Promise<S extends { readonly as: string } ? number : unknown>;

export type Senders<S extends AnyStep> = {
  readonly [K in S['kind']]: (
    step: Extract<S, { readonly kind: K }>,
    context: SendContext,
  ) => Outcome<Extract<S, { readonly kind: K }>>;
};

/**
 * The agent's half of one kind of VPP's objects (the wiring has the other): how each of its steps is sent to VPP, and how
 * what VPP has of it is read into the snapshot.
 */
export interface Twin<S extends AnyStep> {
  /** Sends the request of one step. Resolves when VPP has carried it out, rejects as `performStep` says. */
  readonly send: Senders<S>;
  /** What a VPP must be able to do, one way or another: one that cannot is refused. */
  readonly needs: readonly Alternatives<unknown>[];
  /** Reads all of it. */
  readonly readAll: (context: ReadContext) => Promise<void>;
  /** Whether that is only possible when everything else has been read. */
  readonly readsLast: boolean;
  /** Reads again what steps have touched. @param keys those that they named */
  readonly readTouched: (context: ReadContext, keys: ReadonlySet<number>) => Promise<void>;
  /** Reads again those that are known with a tag of ours. */
  readonly readTagged: (context: ReadContext, tag: string) => Promise<void>;
  /** Reads again what an interface has of it, what stands before it in the registry having been read. */
  readonly readOn: (context: ReadContext, index: number) => Promise<void>;
}

export const nothing = async (): Promise<void> => undefined;

/** Of objects that have no tables of their own, or of which nothing is read but on request. */
export const unread = {
  needs: [],
  readAll: nothing,
  readsLast: false,
  readTouched: nothing,
  readTagged: nothing,
  readOn: nothing,
} as const;
