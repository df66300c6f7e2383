import type { ResourceKind } from '@taas/model';

/** A tap's part on a node. */
export interface TapPart<K extends ResourceKind = ResourceKind> {
  readonly node: string;
  readonly kind: K;
  readonly id: string;
}
