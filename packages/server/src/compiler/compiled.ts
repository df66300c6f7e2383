import type { Because, ResourceKind, SegmentKey } from '@taas/model';
import type { HeldSegment } from '../view/segment-ledger.js';

/** A record that a node should have. */
export interface WantedRecord {
  readonly key: string;
  readonly node: string;
  readonly kind: ResourceKind;
  readonly id: string;
  readonly value: string;
  /** The tap's port has left the node, which does its part until the new one does: it says nothing about how the tap stands. */
  readonly leaving: boolean;
  /** What is written along, under a lease of the receiver: the node does its part no longer than that is there. */
  readonly leased?: { readonly key: string; readonly lease: string };
}

export interface Compiled {
  /** By etcd key: all that nodes should be told about the service and its flows. */
  readonly nodeRecords: ReadonlyMap<string, WantedRecord>;
  /** Free segments that the service must take together with telling the nodes. */
  readonly segmentsNeeded: readonly SegmentKey[];
  /** Segments that the service uses and whose records are malformed. */
  readonly segmentsToMend: readonly HeldSegment[];
  readonly blockers: {
    readonly service: Because | null;
    /** By flow id; flows without an entry have been placed. */
    readonly flows: ReadonlyMap<string, Because>;
    /** Of the service and the flows those whose blocker no waiting removes: a port of another project. */
    readonly lasting: ReadonlySet<string>;
  };
  /** A flow could be placed if only a segment were free. */
  readonly waitsForSegment: boolean;
  /** Why no receipts come though they were asked for: a sentence for the tenant. Null or absent: they come, or were not asked for. */
  readonly receiptsMissing?: string | null;
  /** The service's own record is malformed: nothing about it may be changed until somebody mends it. */
  readonly frozen: boolean;
}
