import type { ResourceKind } from '@taas/model';
import type { Sliced } from '@taas/service';
import type { Planning } from './planning.js';

/** A tap service with its flows, or a tap mirror: what is planned, or fails, as one. */
export const unitName = (kind: Exclude<ResourceKind, 'tap_flows'>, id: string): string => `${kind}/${id}`;

interface Tap {
  readonly record: { readonly id: string };
  readonly revision: number;
}

/**
 * Plans one tap service with its flows, or one tap mirror. What cannot be planned fails alone: VPP is left as it is for it, and
 * its taps say why. The others' plan goes on, since one tenant's tap must not keep another's from being wired or removed.
 */
export function* planEach(
  { draft, wanted, unseen }: Planning,
  kind: Exclude<ResourceKind, 'tap_flows'>,
  id: string,
  plan: () => Sliced<void>,
): Sliced<void> {
  const cause = unseen.get(unitName(kind, id));
  // What was not read counts as not there, and would be made anew.
  const error = cause === undefined ? yield* draft.attempt(plan()) : new Error(cause);
  if (error === null) return;
  const fail = (of: ResourceKind, tap: Tap | undefined): void => {
    if (tap) draft.unplanned({ kind: of, id: tap.record.id, cause: error.message }, tap.revision);
  };
  if (kind === 'tap_mirrors') {
    fail(kind, wanted.mirrors.get(id));
    return;
  }
  fail(kind, wanted.service(id));
  for (const flow of wanted.flowsOf(id)) fail('tap_flows', wanted.flow(flow));
}
