import { isInPlace, type TapState } from '@taas/model';
import type { Revision } from '@taas/store';

/** What a node was told about a tap, as far as a migration needs to know. */
export interface PublishedSide {
  readonly node: string;
  readonly revision: Revision;
  /** Null if it is malformed. */
  readonly record: { readonly removed?: boolean | undefined } | null;
}

/** What the nodes say about one tap. */
export interface Reports<T> {
  /** What the node of a record last said of it; null if that is nothing, or its agent is silent. */
  heard(published: T): Pick<TapState, 'status' | 'revision'> | null;
  /** Whether the node of a record has said something of it that cannot be read: it may be a newer agent's. */
  unreadable(published: T): boolean;
  /** Whether a node's agent holds its lease. */
  alive(node: string): boolean;
}

/**
 * Whether a node does its part of a tap, as far as anybody knows: it was told of it, its agent lives, and has read back from its
 * VPP that it stands, which it says only while the port is there. A record that was changed since counts as before until the
 * node answers, or each change would look like a failure; and one that is being mended does not move for it.
 */
export function stands<T extends PublishedSide>(published: T, reports: Reports<T>): boolean {
  return published.record !== null && !published.record.removed && isInPlace(reports.heard(published)?.status);
}

/**
 * The node that a tap is leaving: where it stands while it is on its way to where its port is bound now. It keeps its part until the
 * new node stands, so that copies are made on the old side as long as the VM may still be there, and on the new one
 * before it comes. But no longer than it has the port and a living agent, and only while the new one is at work and has not
 * failed: nothing waits for the dead, and nothing stays for ever. None of this is remembered: it follows from what the nodes
 * have been told and what they say now.
 * @param published all that the records of nodes say about the tap
 * @param bound where the tap's port is bound; null if it is nowhere, as for a moment when networking-vpp moves it
 */
export function nodeLeft<T extends PublishedSide>(
  published: readonly T[],
  bound: string | null,
  reports: Reports<T>,
): string | null {
  if (bound !== null && !reports.alive(bound)) return null;
  let left: T | null = null;
  for (const each of published) {
    if (each.node === bound && (stands(each, reports) || hasFailed(each, reports))) return null;
    if (each.node === bound || !mayStand(each, reports)) continue;
    if (left === null || each.revision > left.revision) left = each;
  }
  return left?.node ?? null;
}

/** As {@link stands}, and where nobody can tell because what the node says cannot be read: what stands there must not go for that. */
export function mayStand<T extends PublishedSide>(published: T, reports: Reports<T>): boolean {
  const told = published.record !== null && !published.record.removed;
  return stands(published, reports) || (told && reports.alive(published.node) && reports.unreadable(published));
}

function hasFailed<T extends PublishedSide>(published: T, reports: Reports<T>): boolean {
  const state = reports.heard(published);
  return state?.status === 'ERROR' && state.revision >= published.revision;
}
