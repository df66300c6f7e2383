import type { Because } from '@taas/model';
import type { SpanState } from '../objects/span.js';

/** A port that has traffic of which nothing is copied, though all that VPP says of its mirror is right. */
export interface StillMirror {
  readonly port: string;
  /** The directions in which it has traffic. */
  readonly state: SpanState;
  readonly reason: string;
}

/** By the tag of the interface to which the ports are mirrored. */
export type NoCopies = ReadonlyMap<string, readonly StillMirror[]>;

/** @param tags of the interfaces to which the port's copies go for a tap that asks for these directions */
export function noCopiesOf(
  { noCopies }: { readonly noCopies?: NoCopies },
  tags: Iterable<string>,
  port: string,
  state: SpanState,
): Because | null {
  for (const tag of tags)
    for (const still of noCopies?.get(tag) ?? [])
      if (still.port.toLowerCase() === port.toLowerCase() && (still.state & state) !== 0)
        return { code: 'no_copies_observed', reason: still.reason };
  return null;
}
