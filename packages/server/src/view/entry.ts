import type { ResourceKind } from '@taas/model';
import type { Revision } from '@taas/store';

/** A key of etcd as this replica knows it. An unreadable value is not an absent one: the key is there, without record. */
export interface Entry<T> {
  readonly key: string;
  readonly revision: Revision;
  readonly createRevision: Revision;
  /** The parsed value, or null if it is malformed. */
  readonly record: T | null;
}

/** As {@link Entry}, with the value as it was written: where somebody compares it with what he would write. */
export interface ValuedEntry<T> extends Entry<T> {
  readonly value: string;
}

/** Kinds that are compiled together: a tap service with its flows. */
export type ServiceKind = Exclude<ResourceKind, 'tap_mirrors'>;

/** What networking-vpp's bound port record says, as far as TaaS cares. */
export interface PortBinding {
  /** The project that owns the port, if the record says so (networking-vpp's own does not). */
  readonly projectId: string | null;
  /** The longest IP packet of the port's network, in bytes, if the record says so. */
  readonly mtu: number | null;
}
