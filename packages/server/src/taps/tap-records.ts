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
    const key = keys.resource(kind, id);
    // An id with a slash would name somebody else's key.
    const entry = /^[0-9a-f-]+$/.test(id) ? await this.deps.store.get(key) : undefined;
    if (!entry) throw tapNotFound(kind, id);
    let record: TapRecord;
    try {
      record = tapCodecs[kind].parse(key, entry.value);
    } catch (error) {
      if (error instanceof RecordError) throw unreadable(kind, id, caller, error);
      throw error;
    }
    if (!this.deps.access.sees(kind, record, caller)) throw tapNotFound(kind, id);
    return { record, revision: entry.modRevision };
  }

  /** Rewrites a record as it was found. @returns the new revision, or null if it has changed since */
  async replace(kind: ResourceKind, found: Found, record: TapRecord): Promise<number | null> {
    const key = keys.resource(kind, found.record.id);
    const result = await this.deps.store.transact({
      compare: [{ kind: 'mod-revision', key, revision: found.revision }],
      operations: [{ kind: 'put', key, value: JSON.stringify(record) }],
    });
    if (!result.succeeded) return null;
    this.deps.writes.note(result.revision);
    return result.revision;
  }
}
