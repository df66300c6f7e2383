import { type AuditEntry, auditCodec, keys, type ResourceKind } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import { type Compare, type Leadership, type Operation, type Store, StoreError } from '@taas/store';
import type { MirrorRules } from '../compiler/compile-mirror.js';
import type { Contained } from '../errors/contained.js';
import { Line } from '../slices/line.js';
import type { Sliced, Slices } from '../slices/slices.js';
import { type Placements, PlacementsSeen } from '../status/placements.js';
import { StatusReader } from '../status/tap-status.js';
import { auditedTap, statusOf, tapKinds } from '../taps/tap-kinds.js';
import type { Dirty } from '../view/dirty.js';
import type { Entry } from '../view/entry.js';
import { everyService } from '../view/everything.js';
import type { LiveView } from '../view/live-view.js';
import { shelf, type TapRecord } from '../view/shelf.js';
import type { AuditLog } from './audit-log.js';

export interface BeganLogDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly log: AuditLog;
  readonly placements: Placements;
  readonly mirrorRules: MirrorRules;
  /** What may have begun is looked at in these. */
  readonly slices: Slices;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly contained: Contained;
}

interface Begins {
  readonly key: string;
  readonly entry: Entry<TapRecord>;
  readonly value: string;
}

const perTransaction = 30;
/** Between two polls of what may have begun, in ms. */
export const beganEveryMs = 200;

/**
 * What the leader adds to the audit trail when a tap is ACTIVE for the first time: from then on copies are made. Once a
 * tap, since the entry's key is the tap's.
 */
export class BeganLog {
  /** Taps to look at; no more than there are. */
  readonly #pending = new Line<string>();
  /** Tap services whose flows are to be looked at. */
  readonly #services = new Set<string>();
  /** All taps are to be looked at. */
  #all = true;

  constructor(private readonly deps: BeganLogDeps) {}

  /** To be told of each event, once the view has it. */
  take({ whole, services, mirrors, turns }: Dirty): void {
    this.#all ||= whole;
    for (const id of services) this.#services.add(id);
    for (const id of mirrors) this.#add('tap_mirrors', id);
    for (const { kind, id, stands } of turns) {
      if (!stands) continue;
      if (kind === 'tap_services') this.#services.add(id);
      else this.#add(kind, id);
    }
  }

  /** Writes down what has begun so far. */
  async round({ signal, fence }: Leadership): Promise<void> {
    const { live, log, logger } = this.deps;
    const isNothing = !this.#all && this.#pending.size === 0 && this.#services.size === 0;
    if (isNothing || !live.fresh || !log.fresh) return;
    try {
      await this.#reconcilePass(fence, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StoreError)) throw error;
      logger.warn({ cause: error }, 'when taps began is told to the audit trail later');
    }
  }

  #add(kind: ResourceKind, id: string): void {
    if (!this.deps.log.trail.has(keys.auditBegan(kind, id))) this.#pending.add(`${kind}/${id}`);
  }

  async #reconcilePass(fence: Compare, signal: AbortSignal): Promise<void> {
    const { slices, placements } = this.deps;
    await slices.run('', this.#marked(), signal);
    // Each large service is placed once a round, however often it is touched meanwhile.
    const seen = new PlacementsSeen(placements);
    for (;;) {
      const begins = await slices.run('', this.#next(seen), signal);
      if (begins.length === 0) return;
      await this.#write(begins, fence, signal);
    }
  }

  /** Puts down the taps that are to be looked at. */
  *#marked(): Sliced<void> {
    if (this.#all) yield* this.#everything();
    for (const id of this.#services) {
      this.#services.delete(id);
      this.#add('tap_services', id);
      for (const flow of this.deps.live.view.flowsByService.get(id)) {
        this.#add('tap_flows', flow);
        yield;
      }
    }
  }

  *#everything(): Sliced<void> {
    this.#all = false;
    const { view } = this.deps.live;
    for (const id of everyService(view)) {
      this.#services.add(id);
      yield;
    }
    for (const id of view.mirrors.everything()) {
      this.#add('tap_mirrors', id);
      yield;
    }
  }

  /** The next that have begun; none when all that is pending has been looked at. */
  *#next(seen: PlacementsSeen): Sliced<Begins[]> {
    const { live, mirrorRules, contained } = this.deps;
    const statuses = new StatusReader(live.view, seen, mirrorRules, contained);
    const begins: Begins[] = [];
    for (let name = this.#pending.shift(); name !== undefined; name = this.#pending.shift()) {
      const [kind, id = ''] = name.split('/') as [ResourceKind, string];
      const record = shelf(live.view, kind).byId.get(id)?.record;
      const service = record ? tapKinds[kind].serviceOf(record) : null;
      if (service !== null) yield* seen.see(service);
      const begun = contained.attempt(name, () => this.#begins(kind, id, statuses), null);
      if (begun) begins.push(begun);
      if (begins.length === perTransaction) break;
      yield;
    }
    return begins;
  }

  /** The entry of a tap that is ACTIVE and has none. */
  #begins(kind: ResourceKind, id: string, statuses: StatusReader): Begins | null {
    const { live, log, clock } = this.deps;
    const entry = shelf(live.view, kind).byId.get(id);
    const key = keys.auditBegan(kind, id);
    if (!entry?.record || entry.record.deleting || log.trail.has(key)) return null;
    if (statusOf(kind, entry.record, statuses).status !== 'ACTIVE') return null;
    const said: AuditEntry = {
      event: 'began',
      at: clock.now(),
      user_id: null,
      project_id: null,
      request_id: null,
      ...{ tap: auditedTap(live.view, kind, entry.record), detail: 'every node concerned has verified its part' },
    };
    return { key, entry, value: auditCodec.format({ v: 1, entries: [said] }) };
  }

  async #write(begins: readonly Begins[], fence: Compare, signal: AbortSignal): Promise<void> {
    const compare: Compare[] = [fence];
    const operations: Operation[] = [];
    for (const { key, entry, value } of begins) {
      compare.push({ kind: 'absent', key }, { kind: 'mod-revision', key: entry.key, revision: entry.revision });
      operations.push({ kind: 'put', key, value });
    }
    const result = await this.deps.store.transact({ compare, operations }, { signal });
    if (result.succeeded || begins.length === 1) return;
    // One of them has changed or begun meanwhile: it alone is left out.
    for (const each of begins) await this.#write([each], fence, signal);
  }
}
