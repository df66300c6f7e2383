import { isDeepStrictEqual } from 'node:util';
import { acceptedOnly, keys, RecordError, type ResourceKind, type StatusView } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Store } from '@taas/store';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import type { MirrorRules } from '../compiler/compile-mirror.js';
import { planBinding } from '../compiler/plan-binding.js';
import type { Step } from '../compiler/plan-service.js';
import { planRoleRemoval } from '../compiler/port-role-removal.js';
import type { Contained } from '../errors/contained.js';
import { tapNotFound, tooContended, unavailable, unreadable, words } from '../errors/neutron-error.js';
import type { ListQuery } from '../http/list-query.js';
import { type JsonObject, resourcesToCreate, resourceToUpdate } from '../http/request-body.js';
import type { Sliced, Slices } from '../slices/slices.js';
import { type Placements, PlacementsSeen } from '../status/placements.js';
import { StatusReader } from '../status/tap-status.js';
import type { ClusterView } from '../view/cluster-view.js';
import { type LiveView, ViewBehindError } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';
import type { Admission } from './admission/admission.js';
import type { SecondLook } from './admission/second-look.js';
import { checkCreate, checkUpdate, type NewOf } from './attributes.js';
import { behind, codecs, type ShownTap, shelf, shown, statusOf, type TapRecord } from './tap-kind.js';
import { listTaps } from './tap-list.js';
import { removeUntoldMirror } from './untold-mirror.js';
import { removeUntoldAtOnce, removeUntoldService } from './untold-service.js';
import type { WriteBudget } from './write-budget.js';

export interface ControllerDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly admission: Admission;
  readonly secondLook: SecondLook;
  readonly access: Access;
  /** What this replica has written: its lists must show at least that. */
  readonly writes: OwnWrites;
  readonly placements: Placements;
  readonly mirrorRules: MirrorRules;
  readonly contained: Contained;
  /** Long work of requests goes on in these. */
  readonly slices: Slices;
  /** What a project may write to etcd. */
  readonly budget: WriteBudget;
  /** Throws when etcd has no room for more. */
  readonly checkRoom: () => void;
  readonly clock: Clock;
  readonly newId: () => string;
  /** How long a request may wait for the view to show what it must, in ms. */
  readonly catchUpMs: number;
  /** Most resources that one request may create. */
  readonly bulkItems: number;
}

/** A record, and the revision at which it was seen. */
interface Found {
  readonly record: TapRecord;
  readonly revision: number;
}

type NewRecord<K extends ResourceKind> = { readonly v: 1; readonly id: string; readonly created_at: number } & NewOf[K];

const attempts = 10;

/** What the API does with tap services, flows and mirrors; knows nothing of HTTP but Neutron's errors. */
const unknownStatus: StatusView = {
  status: 'DOWN',
  code: 'status_unknown',
  reason: 'the status is not known: etcd cannot be seen at the moment',
};

export class TapController {
  constructor(private readonly deps: ControllerDeps) {}

  /** The page that the query asks for, from the view, which shows at least all that this replica has written. */
  async list(kind: ResourceKind, query: ListQuery, caller: Caller, signal: AbortSignal): Promise<readonly ShownTap[]> {
    const { live, slices, access, placements, mirrorRules, contained } = this.deps;
    await live.reached(this.deps.writes.revision, this.deps.catchUpMs);
    if (!live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
    const { view } = live;
    return slices.run(
      caller.projectId,
      listTaps({ view, access, placements, mirrorRules, contained }, kind, query, caller),
      signal,
    );
  }

  /**
   * One tap, from the view if that shows all that this replica has written, and the tap: what the view does not know may
   * have been made elsewhere a moment ago, and is looked up in the store.
   */
  async show(kind: ResourceKind, id: string, caller: Caller): Promise<ShownTap> {
    const { live, writes, access } = this.deps;
    const known = shelf(live.view, kind).byId.get(id)?.record;
    if (known && live.fresh && live.view.revision >= writes.revision) {
      if (!access.sees(kind, known, caller)) throw tapNotFound(kind, id);
      return this.#withStatus(known, caller);
    }
    const { record, revision } = await this.#find(kind, id, caller);
    return this.#showAt(record, revision, caller);
  }

  async create(
    kind: ResourceKind,
    json: unknown,
    caller: Caller,
  ): Promise<{ bulk: boolean; shown: readonly ShownTap[] }> {
    const { bulk, items } = resourcesToCreate(json, words[kind].resource, this.deps.bulkItems);
    const { access, writes } = this.deps;
    const records = await this.deps.slices.run(caller.projectId, this.#drafts(kind, items, caller));
    for (const record of records.all) access.mayCreate(kind, record, caller);
    this.deps.checkRoom();
    this.deps.budget.spend(caller.projectId, records.all);
    writes.note(await this.deps.secondLook.run(caller.projectId, records.commit));
    return { bulk, shown: records.all.map((record) => shown(record, acceptedOnly)) };
  }

  /** The records that a request asks for, checked, and how to write them. */
  *#drafts(
    kind: ResourceKind,
    items: readonly JsonObject[],
    caller: Caller,
  ): Sliced<{ readonly all: readonly TapRecord[]; readonly commit: () => Promise<number> }> {
    const { admission } = this.deps;
    switch (kind) {
      case 'tap_services': {
        const all = yield* this.#checked(kind, items, caller);
        return { all, commit: () => admission.services(all, caller) };
      }
      case 'tap_flows': {
        const all = yield* this.#checked(kind, items, caller);
        return { all, commit: () => admission.flows(all, caller) };
      }
      case 'tap_mirrors': {
        const all = yield* this.#checked(kind, items, caller);
        return { all, commit: () => admission.mirrors(all, caller) };
      }
    }
  }

  *#checked<K extends ResourceKind>(kind: K, items: readonly JsonObject[], caller: Caller): Sliced<NewRecord<K>[]> {
    const now = this.deps.clock.now();
    const all: NewRecord<K>[] = [];
    for (const item of items) {
      // Those of one request keep their order in lists.
      const common = { v: 1, id: this.deps.newId(), created_at: now + all.length } as const;
      all.push({ ...common, ...checkCreate(kind, item, caller) });
      yield;
    }
    return all;
  }

  async update(kind: ResourceKind, id: string, json: unknown, caller: Caller): Promise<ShownTap> {
    const { resource } = words[kind];
    const change = checkUpdate(kind, resourceToUpdate(json, resource), caller);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const found = await this.#find(kind, id, caller);
      this.deps.access.mayChange('update', kind, found.record, caller);
      const record: TapRecord = { ...found.record, ...change };
      // What changes nothing writes nothing: etcd would keep a version more of the same.
      if (isDeepStrictEqual(record, found.record)) return this.#showAt(record, found.revision, caller);
      if (attempt === 0) {
        this.deps.checkRoom();
        this.deps.budget.spend(caller.projectId, [record]);
      }
      const revision = await this.#replace(kind, found, record);
      if (revision !== null) return this.#showAt(record, revision, caller);
    }
    throw tooContended();
  }

  /**
   * Accepts that a tap is to go. One that no node has been told of goes at once; otherwise it is marked, and goes when
   * the nodes have confirmed. A second time changes nothing.
   */
  async remove(kind: ResourceKind, id: string, caller: Caller): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      // What is written is compared with what was seen, so the view will do, until it has turned out to be behind.
      const found = (attempt === 0 ? this.#inView(kind, id, caller) : null) ?? (await this.#find(kind, id, caller));
      this.deps.access.mayChange('delete', kind, found.record, caller);
      if (found.record.deleting) return;
      const { view } = this.deps.live;
      if ('mirror_type' in found.record && attempt === 0) {
        const removed = await removeUntoldMirror(this.deps, found.record, found.revision);
        if (removed !== null) {
          this.deps.writes.note(removed);
          return;
        }
      }
      if (kind === 'tap_flows' && view.nodeRecords.ofFlow(id).length === 0) {
        const release =
          attempt === 0 && 'source_port' in found.record ? planRelease(view, found.record.source_port, id) : [];
        // Should the compiler be telling a node right now, it will find the flow gone and take it back.
        if ((await this.#replace(kind, found, null, release)) !== null) return;
        continue;
      }
      if (kind === 'tap_services' && attempt === 0) {
        const removed = await removeUntoldAtOnce(this.deps, id, found.revision);
        if (removed !== null) {
          this.deps.writes.note(removed);
          return;
        }
      }
      const revision = await this.#replace(kind, found, { ...found.record, deleting: true });
      if (revision === null) continue;
      if (kind === 'tap_services') this.deps.writes.note(await removeUntoldService(this.deps, id, revision));
      return;
    }
    throw tooContended();
  }

  /** A record that the view shows, if the caller may see it and it is not on its way out already. */
  #inView(kind: ResourceKind, id: string, caller: Caller): Found | null {
    const entry = shelf(this.deps.live.view, kind).byId.get(id);
    if (!entry?.record || entry.record.deleting || !this.deps.access.sees(kind, entry.record, caller)) return null;
    return { record: entry.record, revision: entry.revision };
  }

  async #find(kind: ResourceKind, id: string, caller: Caller): Promise<Found> {
    const key = keys.resource(kind, id);
    // An id with a slash would name somebody else's key.
    const entry = /^[0-9a-f-]+$/.test(id) ? await this.deps.store.get(key) : undefined;
    if (!entry) throw tapNotFound(kind, id);
    let record: TapRecord;
    try {
      record = codecs[kind].parse(key, entry.value);
    } catch (error) {
      if (error instanceof RecordError) throw unreadable(kind, id, caller, error);
      throw error;
    }
    if (!this.deps.access.sees(kind, record, caller)) throw tapNotFound(kind, id);
    return { record, revision: entry.modRevision };
  }

  /**
   * Rewrites or (null) deletes a record as it was found, and takes steps along.
   * @returns the new revision, or null if anything of that has changed since
   */
  async #replace(kind: ResourceKind, found: Found, record: TapRecord | null, along: readonly Step[] = []) {
    const key = keys.resource(kind, found.record.id);
    const result = await this.deps.store.transact({
      compare: [{ kind: 'mod-revision', key, revision: found.revision }, ...along.flatMap(({ compare }) => compare)],
      operations: [
        record ? { kind: 'put', key, value: JSON.stringify(record) } : { kind: 'delete', key },
        ...along.flatMap(({ operations }) => operations),
      ],
    });
    if (!result.succeeded) return null;
    this.deps.writes.note(result.revision);
    return result.revision;
  }

  async #showAt(record: TapRecord, revision: number, caller: Caller): Promise<ShownTap> {
    const { live, catchUpMs } = this.deps;
    try {
      await live.reached(revision, catchUpMs);
    } catch (error) {
      if (!(error instanceof ViewBehindError)) throw error;
      // The record is true; only of its status nothing can be said.
      return shown(record, unknownStatus);
    }
    if (live.fresh) return this.#withStatus(record, caller);
    return shown(record, unknownStatus);
  }

  /** In slices where the tap is one of a large tap service. */
  async #withStatus(record: TapRecord, caller: Caller): Promise<ShownTap> {
    const { live, slices, placements, mirrorRules, contained } = this.deps;
    const seen = new PlacementsSeen(placements);
    const service = behind(record);
    if (service !== null && !placements.isNear(service)) await slices.run(caller.projectId, seen.see(service));
    return shown(record, statusOf(record, new StatusReader(live.view, seen, mirrorRules, contained)));
  }
}

/** What is written of a port besides its last flow. The leader would take it away too, in transactions more. */
function planRelease(view: ClusterView, port: string, going: string): readonly Step[] {
  return [...planRoleRemoval(view, port, going), ...planBinding(view, port, undefined, going)];
}
