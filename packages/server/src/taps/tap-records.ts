import { keys, RecordError, type ResourceKind } from '@taas/model';
import type { Store } from '@taas/store';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { tapNotFound, unreadable } from '../errors/neutron-error.js';
import type { LiveView } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';
import { shelf, type TapRecord, tapCodecs } from '../view/shelf.js';

/** A record, and the revision at which it was seen. */
export interface Found {
  readonly record: TapRecord;
  readonly revision: number;
}

export interface TapRecordsDeps {
  readonly store: Pick<Store, 'get' | 'transact'>;
  readonly live: LiveView;
  readonly access: Access;
  readonly writes: OwnWrites;
}

/** The API's records, as a caller may see them. */
export class TapRecords {
  constructor(private readonly deps: TapRecordsDeps) {}

  /** A record that the view shows, if the caller may see it and it is not on its way out already. */
  inView(kind: ResourceKind, id: string, caller: Caller): Found | null {
    const entry = shelf(this.deps.live.view, kind).byId.get(id);
    if (!entry?.record || entry.record.deleting || !this.deps.access.sees(kind, entry.record, caller)) return null;
    return { record: entry.record, revision: entry.revision };
  }

  /** As etcd has it now. @throws NeutronError 404; 500 for a record that cannot be read */
  async find(kind: ResourceKind, id: string, caller: Caller): Promise<Found> {
    // An id with a slash would name somebody else's key.
    if (!/^[0-9a-f-]+$/.test(id)) throw tapNotFound(kind, id);
    let found: Found | null;
    try {
      found = await readTap(this.deps.store, kind, id);
    } catch (error) {
      if (error instanceof RecordError) throw unreadable(kind, id, caller, error);
      throw error;
    }
    if (!found || !this.deps.access.sees(kind, found.record, caller)) throw tapNotFound(kind, id);
    return found;
  }

  /** Rewrites a record as it was found. @returns the new revision, or null if it has changed since */
  replace(kind: ResourceKind, found: Found, record: TapRecord): Promise<number | null> {
    return replaceTap(this.deps, kind, found, record);
  }
}

/** A tap as etcd has it, whoever asks; null if there is none. @throws RecordError */
export async function readTap(store: Pick<Store, 'get'>, kind: ResourceKind, id: string): Promise<Found | null> {
  const key = keys.resource(kind, id);
  const entry = await store.get(key);
  return entry ? { record: tapCodecs[kind].parse(key, entry.value), revision: entry.modRevision } : null;
}

/** Rewrites a record as it was found. @returns the new revision, or null if it has changed since */
export async function replaceTap(
  { store, writes }: Pick<TapRecordsDeps, 'store' | 'writes'>,
  kind: ResourceKind,
  found: Found,
  record: TapRecord,
): Promise<number | null> {
  const key = keys.resource(kind, found.record.id);
  const result = await store.transact({
    compare: [{ kind: 'mod-revision', key, revision: found.revision }],
    operations: [{ kind: 'put', key, value: JSON.stringify(record) }],
  });
  if (!result.succeeded) return null;
  writes.note(result.revision);
  return result.revision;
}
