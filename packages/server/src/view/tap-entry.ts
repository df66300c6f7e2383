import { keys, type ResourceKind } from '@taas/model';
import type { Revision } from '@taas/store';
import type { Entry } from './entry.js';

/** A tap as the API has recorded it. */
export class TapEntry<T> implements Entry<T> {
  constructor(
    private readonly kind: ResourceKind,
    private readonly id: string,
    readonly revision: Revision,
    readonly createRevision: Revision,
    readonly record: T | null,
  ) {}

  get key(): string {
    return keys.resource(this.kind, this.id);
  }
}
