import type { ResourceKind, StatusView } from '@taas/model';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import type { MirrorRules } from '../compiler/compile-mirror.js';
import type { Contained } from '../errors/contained.js';
import { asksFor, type ListQuery, ordering, passes, type SortValues, sortedBy } from '../http/list-query.js';
import { mergeSorted } from '../slices/merge-sort.js';
import type { Sliced } from '../slices/slices.js';
import { type Placements, PlacementsSeen } from '../status/placements.js';
import { StatusReader } from '../status/tap-status.js';
import { type Aged, compareAge, firstNotBefore } from '../view/by-age.js';
import type { ClusterView } from '../view/cluster-view.js';
import { agedOf } from '../view/project-index.js';
import { shelf, type TapRecord } from '../view/shelf.js';
import { statusAttributes } from './attributes.js';
import type { ShownTap } from './tap-kind.js';
import { showTap, statusOf, tapKinds } from './tap-kinds.js';
import { expiryTime } from './terms/expiry-time.js';
import type { Warning } from './terms/shown-terms.js';

export interface TapListDeps {
  readonly view: ClusterView;
  readonly access: Access;
  readonly placements: Placements;
  readonly mirrorRules: MirrorRules;
  readonly contained: Contained;
  readonly warning: Warning;
}

/** Stands for a status that is not asked for. */
const noStatus: StatusView = { status: 'DOWN', code: 'not_published', reason: '' };

/**
 * The page that a query asks for, in slices. What the page is taken from is fixed when it begins: taps made meanwhile are not
 * in it, those that go meanwhile may be missing.
 */
export function listTaps(
  deps: TapListDeps,
  kind: ResourceKind,
  query: ListQuery,
  caller: Caller,
): Sliced<readonly ShownTap[]> {
  return new TapList(deps, kind, query, caller).page();
}

class TapList {
  readonly #seen: PlacementsSeen;
  readonly #statuses: StatusReader;
  /** Statuses cost more than the rest: they are looked up for all only where all of them matter. */
  readonly #asksStatus: boolean;
  readonly #byId: ReturnType<typeof shelf>['byId'];
  readonly #all: readonly Aged[];

  constructor(
    private readonly deps: TapListDeps,
    private readonly kind: ResourceKind,
    private readonly query: ListQuery,
    private readonly caller: Caller,
  ) {
    const { view, placements, mirrorRules, contained } = deps;
    this.#seen = new PlacementsSeen(placements);
    this.#statuses = new StatusReader(view, this.#seen, mirrorRules, contained);
    // Without filters and sorting, whatever is looked at is on the page.
    const takesAll = query.filters.size === 0 && query.sort.length === 0;
    this.#asksStatus = takesAll || Object.keys(statusAttributes).some((name) => asksFor(query, name));
    const { byId, byProject } = shelf(view, kind);
    this.#byId = byId;
    this.#all = this.#named() ?? byProject.inOrder(caller.seesAllProjects ? this.#projectAskedFor() : caller.projectId);
  }

  *page(): Sliced<readonly ShownTap[]> {
    const page = yield* this.query.sort.length > 0 ? this.#sortedPage() : this.#pageByAge();
    const shownPage: ShownTap[] = [];
    for (const { record, status, item } of page) {
      const shown = item ?? this.#shown(record, status ?? (yield* this.#status(record)));
      if (shown) shownPage.push(shown);
      yield;
    }
    return shownPage;
  }

  /** Those whose ids are asked for, in order; null if none are. */
  #named(): readonly Aged[] | null {
    const { caller } = this;
    const ids = this.query.filters.get('id');
    if (!ids) return null;
    const found: Aged[] = [];
    for (const id of ids) {
      const entry = typeof id === 'string' ? this.#byId.get(id) : undefined;
      if (!entry?.record || !(caller.seesAllProjects || entry.record.project_id === caller.projectId)) continue;
      found.push(agedOf(entry, entry.record));
    }
    return found.sort(compareAge);
  }

  /** The only project that a caller who sees all projects asks for, or null. */
  #projectAskedFor(): string | null {
    const [project, ...more] = this.query.filters.get('project_id') ?? this.query.filters.get('tenant_id') ?? [];
    return typeof project === 'string' && more.length === 0 ? project : null;
  }

  /** Of all that may be on the page only what they are sorted by is kept: the rest of it would keep garbage collection busy. */
  *#sortedPage(): Sliced<readonly Found[]> {
    const found: Sorted[] = [];
    for (const { id } of this.#all) {
      const one = yield* this.#look(id);
      if (one) found.push({ record: one.record, status: one.status, by: sortedBy(this.query, one.item) });
      yield;
    }
    const order = ordering(this.query);
    const sorted = yield* mergeSorted(found, (a, b) => order(a.by, b.by));
    const { limit, marker, pageReverse } = this.query;
    if (limit === 0) return sorted;
    const at = marker === null ? null : sorted.findIndex(({ record }) => record.id === marker);
    if (at === -1) return [];
    if (!pageReverse) return sorted.slice(at === null ? 0 : at + 1).slice(0, limit);
    const end = at ?? sorted.length;
    return sorted.slice(Math.max(0, end - limit), end);
  }

  /** Looks at no more than it takes to fill the page. */
  *#pageByAge(): Sliced<readonly Found[]> {
    const { limit, marker, pageReverse } = this.query;
    const step = pageReverse && limit > 0 ? -1 : 1;
    let at = step === 1 ? 0 : this.#all.length - 1;
    if (limit > 0 && marker !== null) {
      // Neutron knows a marker only among what the list has.
      if (!(yield* this.#look(marker))) return [];
      at = this.#placeOf(marker) + step;
    }
    const found: Found[] = [];
    for (; at >= 0 && at < this.#all.length && (limit === 0 || found.length < limit); at += step) {
      const one = yield* this.#look(this.#all[at]?.id ?? '');
      if (one) found.push(one.status === null ? { record: one.record, status: null } : one);
      yield;
    }
    return step === 1 ? found : found.reverse();
  }

  #placeOf(marker: string): number {
    const entry = this.#byId.get(marker);
    return entry?.record ? firstNotBefore(this.#all, agedOf(entry, entry.record)) : this.#all.length;
  }

  /** The record, if the caller sees it and it passes the filters. */
  *#look(id: string): Sliced<Looked | null> {
    const record = this.#byId.get(id)?.record;
    if (!record || !this.deps.access.sees(this.kind, record, this.caller)) return null;
    const status = this.#asksStatus ? yield* this.#status(record) : null;
    const item = this.#shown(record, status ?? noStatus);
    return item && passes(this.query, item) ? { record, status, item } : null;
  }

  /** Null for a record that cannot be shown: the others are. */
  #shown(record: TapRecord, status: StatusView): ShownTap | null {
    return this.deps.contained.attempt(
      `what is shown of ${record.id}`,
      () => showTap(this.kind, { record, end: expiryTime(this.deps.view, record) }, status, this.deps.warning),
      null,
    );
  }

  *#status(record: TapRecord): Sliced<StatusView> {
    const service = tapKinds[this.kind].serviceOf(record);
    if (service !== null) yield* this.#seen.see(service);
    else yield;
    return statusOf(this.kind, record, this.#statuses);
  }
}

/** A tap that is on the page. */
interface Found {
  readonly record: TapRecord;
  /** What the query has been asked about; null if it has nothing to do with it. */
  readonly status: StatusView | null;
  /** As it is shown, with its status; absent where that is worked out later. */
  readonly item?: ShownTap;
}

/** What a tap is chosen and sorted by. */
interface Looked extends Found {
  readonly item: ShownTap;
}

interface Sorted extends Found {
  readonly by: SortValues;
}
