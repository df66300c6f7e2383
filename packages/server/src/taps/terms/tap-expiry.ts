import { type AuditEntry, auditCodec, keys, RecordError, type ResourceKind, resourceKinds } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import { type Compare, type Leadership, type Operation, type Store, StoreError } from '@taas/store';
import type { Behalves } from '../../auth/actor.js';
import { NeutronError } from '../../errors/neutron-error.js';
import { isoTime } from '../../http/iso-time.js';
import type { Sliced, Slices } from '../../slices/slices.js';
import type { ClusterView } from '../../view/cluster-view.js';
import { type LiveView, ViewBehindError } from '../../view/live-view.js';
import type { OwnWrites } from '../../view/own-writes.js';
import { shelf, type TapRecord } from '../../view/shelf.js';
import { removeTap } from '../removal/tap-removal.js';
import { auditedTap } from '../tap-kinds.js';
import { readTap } from '../tap-records.js';
import { type ExpiryTime, expiryTime, sentenceOf } from './expiry-time.js';
import { endsSoon } from './shown-terms.js';

export interface TapExpiryDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly writes: OwnWrites;
  readonly catchUpMs: number;
  /** How long before its end a tap is told to end, in ms. */
  readonly warnBeforeMs: number;
  /** Whether the audit trail has an entry. */
  readonly isTold: (key: string) => boolean;
  readonly behalves: Behalves;
  readonly slices: Slices;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Tap {
  readonly kind: ResourceKind;
  readonly record: TapRecord;
  readonly end: ExpiryTime;
  readonly key: string;
  readonly revision: number;
}

/** Between two rounds, in ms. */
export const expiryEveryMs = 1_000;
/** Taps that one round takes away, and tells of: what is left is done by the next. */
export const mostOfRound = { removed: 100, warned: 30 } as const;

/** What the leader does with taps whose time is over, or soon will be. */
export class TapExpiry {
  /** Keys of taps whose turn failed, the longest ago first: they wait behind all others, or a hundred of them would be all that is done. */
  readonly #failed = new Set<string>();

  constructor(private readonly deps: TapExpiryDeps) {}

  /** Takes away whose time is over, and tells the audit trail, once, of those that end soon. */
  async round({ signal, fence }: Leadership): Promise<void> {
    const { live, slices } = this.deps;
    if (!live.fresh) return;
    const { over, soon } = await slices.run('', this.#look(), signal);
    for (const tap of over) {
      if (signal.aborted) return;
      await this.#guarded(tap, signal, () => this.#remove(tap));
    }
    for (const tap of soon) {
      if (signal.aborted) return;
      await this.#guarded(tap, signal, () => this.#warn(tap, fence, signal));
    }
  }

  *#look(): Sliced<{ readonly over: readonly Tap[]; readonly soon: readonly Tap[] }> {
    const { live, clock, warnBeforeMs: beforeMs, isTold } = this.deps;
    const now = clock.now();
    const over = new Turns(mostOfRound.removed, this.#failed);
    const soon = new Turns(mostOfRound.warned, this.#failed);
    for (const [kind, id] of withEnds(live.view)) {
      yield;
      const { record, key, revision } = shelf(live.view, kind).byId.get(id) ?? gone;
      const end = record && !record.deleting ? expiryTime(live.view, record) : undefined;
      const tap = record && end ? { kind, record, end, key, revision } : null;
      if (tap && isOver(tap.record, now)) over.add(tap);
      else if (tap && endsSoon(end, { now: () => now, beforeMs })) {
        if (!isTold(keys.auditExpiring(kind, id, tap.end.at))) soon.add(tap);
      }
    }
    for (const key of this.#failed) if (!over.again.has(key) && !soon.again.has(key)) this.#failed.delete(key);
    return { over: over.taken(), soon: soon.taken() };
  }

  /** As its user's DELETE would; who has renewed it meanwhile keeps it. */
  async #remove({ kind, record: { id, expires_at: end = 0 } }: Tap): Promise<void> {
    const { behalves, clock, logger, store } = this.deps;
    const because = `its time was over: it was to end at ${isoTime(end)}`;
    const isRemoved = await behalves.run({ actor: null, because }, () =>
      removeTap(this.deps, kind, id, async () => {
        const found = await readTap(store, kind, id);
        return found && isOver(found.record, clock.now()) ? found : null;
      }),
    );
    if (isRemoved) logger.info({ kind, id, expires_at: isoTime(end) }, 'a tap goes, because its time is over');
  }

  async #warn({ kind, record, end, key, revision }: Tap, fence: Compare, signal: AbortSignal): Promise<void> {
    const { store, live, clock, logger } = this.deps;
    const { id } = record;
    const entry: AuditEntry = {
      event: 'expiring',
      at: clock.now(),
      user_id: null,
      project_id: null,
      request_id: null,
      ...{ tap: auditedTap(live.view, kind, record), detail: sentenceOf(end) },
    };
    const told = keys.auditExpiring(kind, id, end.at);
    const compare: Compare[] = [fence, { kind: 'absent', key: told }, { kind: 'mod-revision', key, revision }];
    const operations: Operation[] = [{ kind: 'put', key: told, value: auditCodec.format({ v: 1, entries: [entry] }) }];
    const { succeeded } = await store.transact({ compare, operations }, { signal });
    if (succeeded) logger.info({ kind, id, expires_at: isoTime(end.at), of: end.of }, 'a tap ends soon');
  }

  /** What fails with one tap is tried again in the next round, and holds up no other. */
  async #guarded({ kind, key, record: { id } }: Tap, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    this.#failed.delete(key);
    try {
      await work();
    } catch (cause) {
      if (signal.aborted) return;
      this.#failed.add(key);
      if (!usual.some((kind) => cause instanceof kind)) throw cause;
      this.deps.logger.warn({ cause, kind, id }, 'the end of a tap is looked after again later');
    }
  }
}

/** What may go wrong with one tap: its record may be spoilt since it was looked at. */
const usual = [StoreError, NeutronError, ViewBehindError, RecordError] as const;

/** The taps whose turn it is in one round: those that failed before wait behind the others, the longest ago first. */
class Turns {
  readonly #first: Tap[] = [];
  readonly again = new Map<string, Tap>();

  constructor(
    private readonly most: number,
    private readonly failed: ReadonlySet<string>,
  ) {}

  add(tap: Tap): void {
    if (this.failed.has(tap.key)) this.again.set(tap.key, tap);
    else if (this.#first.length < this.most) this.#first.push(tap);
  }

  taken(): readonly Tap[] {
    const again = [...this.failed].flatMap((key) => this.again.get(key) ?? []);
    return [...this.#first, ...again].slice(0, this.most);
  }
}

/** A tap that went while others were looked at. */
const gone = { record: null, key: '', revision: 0 } as const;

/** The taps that end: by themselves, or with their tap service. Others are not looked at, however many there are. */
function* withEnds({ expiring, flowsByService }: ClusterView): Generator<readonly [ResourceKind, string]> {
  for (const kind of resourceKinds) for (const id of expiring[kind]) yield [kind, id];
  for (const service of expiring.tap_services)
    for (const flow of flowsByService.get(service)) if (!expiring.tap_flows.has(flow)) yield ['tap_flows', flow];
}

/** Whether the time of a tap is over, and nobody has taken it away yet. */
const isOver = ({ expires_at, deleting }: TapRecord, now: number): boolean =>
  expires_at !== undefined && expires_at <= now && deleting !== true;
