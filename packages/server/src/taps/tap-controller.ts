import { isDeepStrictEqual } from 'node:util';
import { acceptedOnly, type ResourceKind, type StatusView, type TapFlowRecord } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Store } from '@taas/store';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import type { MirrorRules } from '../compiler/compile-mirror.js';
import type { Contained } from '../errors/contained.js';
import { tapNotFound, tooContended, unavailable, words } from '../errors/neutron-error.js';
import type { ListQuery } from '../http/list-query.js';
import { resourceToUpdate } from '../http/request-body.js';
import type { Slices } from '../slices/slices.js';
import { type Placements, PlacementsSeen } from '../status/placements.js';
import { StatusReader } from '../status/tap-status.js';
import { type LiveView, ViewBehindError } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';
import { shelf, type TapRecord } from '../view/shelf.js';
import type { Admission } from './admission/admission.js';
import type { Recheck } from './admission/recheck.js';
import { checkUpdate } from './attributes.js';
import { newTaps } from './new-taps.js';
import { TapRemoval } from './removal/tap-removal.js';
import type { ShownTap } from './tap-kind.js';
import { showTap, statusOf, tapKinds } from './tap-kinds.js';
import { listTaps } from './tap-list.js';
import { TapRecords } from './tap-records.js';
import { mayHaveReceipts, type ReceiptPlaces } from './tap-service/receipts-offer.js';
import { seenConsentTo } from './terms/consent-to.js';
import { expiryTime } from './terms/expiry-time.js';
import type { Warning } from './terms/shown-terms.js';
import { approveTap } from './terms/tap-approval.js';
import { changedTerms, type TapTerms } from './terms/tap-terms.js';
import type { WriteBudget } from './write-budget.js';

export interface ControllerDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly admission: Admission;
  readonly recheck: Recheck;
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
  readonly terms: TapTerms;
  /** How many tap services may have receipts; null: this server sends none. */
  readonly receiptPlaces: ReceiptPlaces | null;
  readonly warning: Warning;
  /** How long a request may wait for the view to show what it must, in ms. */
  readonly catchUpMs: number;
  /** Most resources that one request may create. */
  readonly bulkItems: number;
}

const attempts = 10;

const unknownStatus: StatusView = {
  status: 'DOWN',
  code: 'status_unknown',
  reason: 'the status is not known: etcd cannot be seen at the moment',
};

/** What the API does with tap services, flows and mirrors; knows nothing of HTTP but Neutron's errors. */
export class TapController {
  readonly #records: TapRecords;
  readonly #removal: TapRemoval;

  constructor(private readonly deps: ControllerDeps) {
    this.#records = new TapRecords(deps);
    this.#removal = new TapRemoval({ ...deps, records: this.#records });
  }

  /** The page that the query asks for, from the view, which shows at least all that this replica has written. */
  async list(kind: ResourceKind, query: ListQuery, caller: Caller, signal: AbortSignal): Promise<readonly ShownTap[]> {
    const { live, slices, access, placements, mirrorRules, contained, warning } = this.deps;
    await live.reached(this.deps.writes.revision, this.deps.catchUpMs);
    if (!live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
    const { view } = live;
    return slices.run(
      caller.projectId,
      listTaps({ view, access, placements, mirrorRules, contained, warning }, kind, query, caller),
      signal,
    );
  }

  /**
   * One tap, from the view if that shows all that this replica has written, and the tap: what the view does not know may
   * have been made elsewhere a moment ago, and is looked up in the store.
   */
  async show(kind: ResourceKind, id: string, caller: Caller): Promise<ShownTap> {
    const known = this.#inView(kind, id, caller);
    if (known) return this.#withStatus(kind, known, caller);
    const { record, revision } = await this.#records.find(kind, id, caller);
    return this.#showAt(kind, record, revision, caller);
  }

  /** A tap's record as the caller may see it. @throws NeutronError 404 */
  async find(kind: ResourceKind, id: string, caller: Caller): Promise<TapRecord> {
    return this.#inView(kind, id, caller) ?? (await this.#records.find(kind, id, caller)).record;
  }

  /** A tap flow's record as the caller may see it. @throws NeutronError 404 */
  async findFlow(id: string, caller: Caller): Promise<TapFlowRecord> {
    const record = await this.find('tap_flows', id, caller);
    if (!('source_port' in record)) throw tapNotFound('tap_flows', id);
    return record;
  }

  async create(
    kind: ResourceKind,
    json: unknown,
    caller: Caller,
  ): Promise<{ bulk: boolean; shown: readonly ShownTap[] }> {
    const { writes } = this.deps;
    const { bulk, records, given } = await newTaps(this.deps, kind, json, caller);
    this.deps.budget.spend(caller.projectId, records);
    const admit = () => tapKinds[kind].admit(this.deps.admission, records, caller, given);
    writes.note(await this.deps.recheck.run(caller.projectId, admit));
    return { bulk, shown: records.map((record) => tapKinds[kind].shown(record, acceptedOnly)) };
  }

  async update(kind: ResourceKind, id: string, json: unknown, caller: Caller): Promise<ShownTap> {
    const { resource } = words[kind];
    const change = checkUpdate(tapKinds[kind].attributes, resourceToUpdate(json, resource), caller);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const found = await this.#records.find(kind, id, caller);
      this.deps.access.mayChange('update', kind, found.record, caller);
      const record = this.#changed(kind, found.record, change, caller);
      // What changes nothing writes nothing: etcd would keep a version more of the same.
      if (isDeepStrictEqual(record, found.record)) return this.#showAt(kind, record, found.revision, caller);
      if (kind === 'tap_services') mayHaveReceipts(this.deps.live.view, this.deps.receiptPlaces, [record]);
      if (attempt === 0) {
        this.deps.checkRoom();
        this.deps.budget.spend(caller.projectId, [record]);
      }
      const revision = await this.#records.replace(kind, found, record);
      if (revision !== null) return this.#showAt(kind, record, revision, caller);
    }
    throw tooContended();
  }

  /** See {@link approveTap}. */
  async approve(kind: ResourceKind, id: string, json: unknown, caller: Caller): Promise<ShownTap> {
    const seen = seenConsentTo(json, words[kind].resource);
    this.deps.checkRoom();
    const { record, revision } = await approveTap({ ...this.deps, records: this.#records }, kind, id, seen, caller);
    return this.#showAt(kind, record, revision, caller);
  }

  /** See {@link TapRemoval.remove}. */
  remove(kind: ResourceKind, id: string, caller: Caller): Promise<void> {
    return this.#removal.remove(kind, id, caller);
  }

  /** Null where the view may not have it yet. @throws NeutronError 404 */
  #inView(kind: ResourceKind, id: string, caller: Caller): TapRecord | null {
    const { live, writes, access } = this.deps;
    const known = shelf(live.view, kind).byId.get(id)?.record;
    if (!known || !live.fresh || live.view.revision < writes.revision) return null;
    if (!access.sees(kind, known, caller)) throw tapNotFound(kind, id);
    return known;
  }

  #changed(kind: ResourceKind, before: TapRecord, change: object, caller: Caller): TapRecord {
    const { access, terms, clock } = this.deps;
    const by = { ...caller, mayApprove: access.approves(kind, before, caller) };
    return changedTerms(terms, before, changed(before, change), by, clock.now());
  }

  async #showAt(kind: ResourceKind, record: TapRecord, revision: number, caller: Caller): Promise<ShownTap> {
    const { live, catchUpMs } = this.deps;
    try {
      await live.reached(revision, catchUpMs);
    } catch (error) {
      if (!(error instanceof ViewBehindError)) throw error;
      // The record is true; only of its status nothing can be said.
      return tapKinds[kind].shown(record, unknownStatus);
    }
    if (live.fresh) return this.#withStatus(kind, record, caller);
    return tapKinds[kind].shown(record, unknownStatus);
  }

  /** In slices where the tap is one of a large tap service. */
  async #withStatus(kind: ResourceKind, record: TapRecord, caller: Caller): Promise<ShownTap> {
    const { live, slices, placements, mirrorRules, contained } = this.deps;
    const seen = new PlacementsSeen(placements);
    const service = tapKinds[kind].serviceOf(record);
    if (service !== null && !placements.isNear(service)) await slices.run(caller.projectId, seen.see(service));
    const status = statusOf(kind, record, new StatusReader(live.view, seen, mirrorRules, contained));
    return showTap(kind, { record, end: expiryTime(live.view, record) }, status, this.deps.warning);
  }
}

/** An attribute that a change takes away is not there: else a change of nothing would look like one. */
function changed<R extends TapRecord>(record: R, change: object): R {
  const entries = Object.entries({ ...record, ...change }).filter(([, value]) => value !== undefined);
  // The attributes of the kind let through what is of the kind.
  return Object.fromEntries(entries) as R;
}
