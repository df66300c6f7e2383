import {
  keys,
  RecordError,
  type ResourceKind,
  type StatusView,
  type TapFlowRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapServiceCodec,
} from '@taas/model';
import type { Clock } from '@taas/service';
import type { Store } from '@taas/store';
import type { Admission } from '../admission/admission.js';
import { type Caller, mayWrite } from '../auth/authenticator.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import { StatusReader } from '../status/tap-status.js';
import type { Entry } from '../view/entry.js';
import { type LiveView, ViewBehindError } from '../view/live-view.js';
import { checkNewFlow, checkNewService, checkUpdate } from './attributes.js';
import { type ListQuery, pageOf, passes, type Shown } from './list-query.js';
import { forbidden, tapNotFound, tooContended, unavailable, unreadable, words } from './neutron-error.js';
import { OwnWrites } from './own-writes.js';
import { resourcesToCreate, resourceToUpdate } from './request-body.js';
import { shownFlow, shownService } from './shown-resource.js';
import { removeUntoldService } from './untold-service.js';

export interface ControllerDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly admission: Admission;
  readonly policy: SegmentPolicy;
  readonly clock: Clock;
  readonly newId: () => string;
  /** How long a request may wait for the view to show what it must, in ms. */
  readonly catchUpMs: number;
}

type TapRecord = TapServiceRecord | TapFlowRecord;
type ShownTap = Shown & { readonly id: string };

const attempts = 10;
const accepted: StatusView = { status: 'DOWN', reason: 'accepted; no node has been told yet' };

/** What the API does with tap services and tap flows; knows nothing of HTTP but Neutron's errors. */
export class TapController {
  readonly #writes = new OwnWrites();

  constructor(private readonly deps: ControllerDeps) {}

  /** The page that the query asks for, from the view, which shows at least all that this replica has written. */
  async list(kind: ResourceKind, query: ListQuery, caller: Caller): Promise<readonly ShownTap[]> {
    const { live } = this.deps;
    await live.reached(this.#writes.revision, this.deps.catchUpMs);
    if (!live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
    const reader = new StatusReader(live.view, this.deps.policy);
    const asksStatus = query.filters.has('status') || query.filters.has('status_reason');
    const show = (record: TapRecord) => this.#show(kind, record, reader);
    const records = this.#visible(kind, caller).filter((record) => {
      // Statuses cost more than the rest: they are looked up where they matter.
      return passes(query, asksStatus ? show(record) : shown(kind, record, accepted));
    });
    return pageOf(query, records).map(show);
  }

  /** One tap: the record from the store itself, its status from the view. */
  async show(kind: ResourceKind, id: string, caller: Caller): Promise<ShownTap> {
    const { record, revision } = await this.#find(kind, id, caller);
    return this.#showAt(kind, record, revision);
  }

  async create(
    kind: ResourceKind,
    json: unknown,
    caller: Caller,
  ): Promise<{ bulk: boolean; shown: readonly ShownTap[] }> {
    const { resource } = words[kind];
    const { bulk, items } = resourcesToCreate(json, resource);
    const { admission, live } = this.deps;
    const now = this.deps.clock.now();
    // Those of one request keep their order in lists.
    const common = (index: number) => ({ v: 1, id: this.deps.newId(), created_at: now + index }) as const;
    let commit: () => Promise<number>;
    let records: TapRecord[];
    if (kind === 'tap_services') {
      const services = items.map((item, at) => ({ ...common(at), ...checkNewService(item, caller) }));
      records = services;
      commit = () => admission.services(services, caller);
    } else {
      const flows = items.map((item, at) => ({ ...common(at), ...checkNewFlow(item, caller) }));
      records = flows;
      commit = () => admission.flows(flows, caller);
    }
    this.#authorize(caller, `create_${resource}`);
    await live.reached(this.#writes.revision, this.deps.catchUpMs);
    this.#writes.note(await commit());
    return { bulk, shown: records.map((record) => shown(kind, record, accepted)) };
  }

  async update(kind: ResourceKind, id: string, json: unknown, caller: Caller): Promise<ShownTap> {
    const { resource } = words[kind];
    const change = checkUpdate(kind, resourceToUpdate(json, resource), caller);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const found = await this.#find(kind, id, caller);
      this.#authorize(caller, `update_${resource}`);
      const record: TapRecord = { ...found.record, ...change };
      const revision = await this.#replace(kind, found.revision, record);
      if (revision !== null) return this.#showAt(kind, record, revision);
    }
    throw tooContended();
  }

  /**
   * Accepts that a tap is to go. One that no node has been told of goes at once; otherwise it is marked, and goes when
   * the nodes have confirmed. A second time changes nothing.
   */
  async remove(kind: ResourceKind, id: string, caller: Caller): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const found = await this.#find(kind, id, caller);
      this.#authorize(caller, `delete_${words[kind].resource}`);
      if (found.record.deleting) return;
      const { view } = this.deps.live;
      if (kind === 'tap_flows' && view.nodeRecords.ofFlow(id).length === 0) {
        // Should the compiler be telling a node right now, it will find the flow gone and take it back.
        if ((await this.#replace(kind, found.revision, null, id)) !== null) return;
        continue;
      }
      const revision = await this.#replace(kind, found.revision, { ...found.record, deleting: true });
      if (revision === null) continue;
      if (kind === 'tap_services') this.#writes.note(await removeUntoldService(this.deps, id, revision));
      return;
    }
    throw tooContended();
  }

  #authorize(caller: Caller, action: string): void {
    if (!mayWrite(caller)) throw forbidden(action);
  }

  async #find(kind: ResourceKind, id: string, caller: Caller): Promise<{ record: TapRecord; revision: number }> {
    const key = keys.resource(kind, id);
    // An id with a slash would name somebody else's key.
    const entry = /^[0-9a-f-]+$/.test(id) ? await this.deps.store.get(key) : undefined;
    if (!entry) throw tapNotFound(kind, id);
    let record: TapRecord;
    try {
      record = (kind === 'tap_services' ? tapServiceCodec : tapFlowCodec).parse(key, entry.value);
    } catch (error) {
      if (error instanceof RecordError) throw unreadable(kind, id, caller, error);
      throw error;
    }
    if (!caller.isAdmin && record.project_id !== caller.projectId) throw tapNotFound(kind, id);
    return { record, revision: entry.modRevision };
  }

  /** Rewrites or (null) deletes a record as it was found. @returns the new revision, or null if it has changed since */
  async #replace(
    kind: ResourceKind,
    revision: number,
    record: TapRecord | null,
    id = record?.id,
  ): Promise<number | null> {
    const key = keys.resource(kind, id ?? '');
    const result = await this.deps.store.transact({
      compare: [{ kind: 'mod-revision', key, revision }],
      operations: [record ? { kind: 'put', key, value: JSON.stringify(record) } : { kind: 'delete', key }],
    });
    if (!result.succeeded) return null;
    this.#writes.note(result.revision);
    return result.revision;
  }

  async #showAt(kind: ResourceKind, record: TapRecord, revision: number): Promise<ShownTap> {
    const { live, policy, catchUpMs } = this.deps;
    try {
      await live.reached(revision, catchUpMs);
    } catch (error) {
      if (!(error instanceof ViewBehindError)) throw error;
      // The record is true; only of its status nothing can be said.
      return shown(kind, record, {
        status: 'DOWN',
        reason: 'the status is not known: etcd cannot be seen at the moment',
      });
    }
    if (live.fresh) return this.#show(kind, record, new StatusReader(live.view, policy));
    return shown(kind, record, {
      status: 'DOWN',
      reason: 'the status is not known: etcd cannot be seen at the moment',
    });
  }

  #show(kind: ResourceKind, record: TapRecord, reader: StatusReader): ShownTap {
    return shown(kind, record, 'tap_service_id' in record ? reader.flow(record) : reader.service(record));
  }

  /** All of a kind that the caller may see, oldest first. */
  #visible(kind: ResourceKind, caller: Caller): readonly TapRecord[] {
    const { view } = this.deps.live;
    const all: ReadonlyMap<string, Entry<TapRecord>> = kind === 'tap_services' ? view.services : view.flows;
    const ids = caller.isAdmin ? all.keys() : view.byProject[kind].get(caller.projectId);
    const found: { record: TapRecord; created: number }[] = [];
    for (const id of ids) {
      const entry = all.get(id);
      if (entry?.record) found.push({ record: entry.record, created: entry.createRevision });
    }
    found.sort(
      (a, b) =>
        a.record.created_at - b.record.created_at || a.created - b.created || (a.record.id < b.record.id ? -1 : 1),
    );
    return found.map(({ record }) => record);
  }
}

function shown(_kind: ResourceKind, record: TapRecord, status: StatusView): ShownTap {
  return 'tap_service_id' in record ? shownFlow(record, status) : shownService(record, status);
}
