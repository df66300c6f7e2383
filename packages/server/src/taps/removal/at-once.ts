import type { Store } from '@taas/store';
import type { LiveView } from '../../view/live-view.js';

/** What it takes to remove a tap at once. */
export interface RemovalDeps {
  readonly store: Pick<Store, 'get' | 'transact'>;
  readonly live: LiveView;
  readonly catchUpMs: number;
}

/**
 * What came of removing a tap at once: the revision at which it was; `mark`: nodes have been told of it, or it is not that simple,
 * and it is to be marked; `again`: somebody else was faster.
 */
export type AtOnce = number | 'mark' | 'again';
