import {
  type NodeTapFlow,
  nodeTapFlowCodec,
  nodeTapMirrorCodec,
  nodeTapServiceCodec,
  parseKey,
  prefixes,
  RecordError,
  type ResourceKind,
} from '@taas/model';
import type { Logger } from '@taas/service';
import type { Change, FollowEvent, KeyValue, Store } from '@taas/store';
import { Wanted } from '@taas/wiring';
import { addTap, type GatheredTaps, isEmpty, noTaps, type TapIds, type TapName, tapName } from './tap-ids.js';

/** A record that cannot be used; reported as the tap's state, because its id can be read from the key. */
export interface UnreadableRecord {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly revision: number;
  readonly problem: string;
}

export interface WantedListener {
  /** Taps whose wanted state may have changed. */
  changed(ids: TapIds): void;
  /** All of it may have changed. */
  replaced(): void;
  /** The taps whose figures are asked for are others. */
  asked?(requests: ReadonlySet<TapName>): void;
}

/** The wanted state of one node, kept up to date from the store. */
export class WantedFollower {
  #wanted = new Wanted();
  #unreadable = new Map<string, UnreadableRecord>();
  readonly #requests = new Set<TapName>();
  /** Tap services of captures that somebody receives. */
  readonly #received = new Set<string>();
  /** Flows of captures as they were written, by their keys: whether they are wanted depends on who receives. */
  readonly #leased = new Map<string, { readonly service: string; readonly entry: KeyValue }>();
  #complete = false;
  #stale = false;
  #problem: Error | null = null;

  constructor(
    private readonly store: Store,
    private readonly node: string,
    private readonly logger: Logger,
    private readonly listener: WantedListener,
  ) {}

  get wanted(): Wanted {
    return this.#wanted;
  }

  /** False until the first snapshot: before, nobody can tell what is not wanted. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The store cannot be seen now; what is known may be out of date. */
  get stale(): boolean {
    return this.#stale;
  }

  /** Whether somebody reads a tap's figures. */
  get isAsked(): boolean {
    return this.#requests.size > 0;
  }

  /** Why the store cannot be seen now; null: it can. */
  get problem(): Error | null {
    return this.#problem;
  }

  unreadable(): Iterable<UnreadableRecord> {
    return this.#unreadable.values();
  }

  async follow(signal: AbortSignal): Promise<void> {
    for await (const event of this.store.follow([prefixes.nodeTaas(this.node)], signal)) this.#take(event);
  }

  #take(event: FollowEvent): void {
    switch (event.kind) {
      case 'stale':
        this.#stale = true;
        this.#problem = event.cause;
        this.logger.warn({ cause: event.cause.message }, 'the store cannot be seen; VPP stays as it is');
        return;
      case 'snapshot':
        this.#replace(event.entries);
        this.#complete = true;
        this.#stale = false;
        this.#problem = null;
        this.listener.replaced();
        return;
      case 'changes':
        this.#change(event.changes);
    }
  }

  #replace(entries: readonly KeyValue[]): void {
    const before = this.#wanted;
    this.#wanted = new Wanted();
    this.#unreadable = new Map();
    this.#requests.clear();
    this.#received.clear();
    this.#leased.clear();
    for (const entry of entries) this.#put(entry, noTaps(), before);
    this.listener.asked?.(this.#requests);
  }

  #change(changes: readonly Change[]): void {
    const ids = noTaps();
    let asked = false;
    for (const change of changes) {
      const key = change.kind === 'put' ? change.entry.key : change.key;
      asked ||= parseKey(key).is === 'statistics-request';
      if (change.kind === 'put') this.#put(change.entry, ids);
      else this.#delete(change.key, ids);
    }
    if (asked) this.listener.asked?.(this.#requests);
    if (!isEmpty(ids)) this.listener.changed(ids);
  }

  /** @param before where the record may have been last, when it could be read */
  #put(entry: KeyValue, ids: GatheredTaps, before = this.#wanted): void {
    const parsed = parseKey(entry.key);
    if (parsed.is === 'statistics-request') {
      // What no server has signed asks for nothing.
      if (entry.refused === undefined) this.#requests.add(tapName(parsed.kind, parsed.id));
      else this.#requests.delete(tapName(parsed.kind, parsed.id));
    }
    if (parsed.is === 'capture-lease') {
      // What no server has signed lets nobody copy.
      this.#setReceived(parsed.service, entry.refused === undefined, ids, before);
      return;
    }
    if (parsed.is !== 'node-resource') return;
    const { kind, id } = parsed;
    const revision = entry.modRevision;
    this.#touch(entry.key, ids);
    try {
      // What no server has signed is a record that cannot be read: what stands of its tap stays.
      if (entry.refused !== undefined) throw new RecordError(entry.key, entry.refused);
      if (kind === 'tap_services') {
        this.#wanted.setService({
          record: withId(nodeTapServiceCodec.parse(entry.key, entry.value), id, entry.key),
          revision,
        });
      } else if (kind === 'tap_mirrors') {
        const record = withId(nodeTapMirrorCodec.parse(entry.key, entry.value), id, entry.key);
        this.#wanted.mirrors.set({ record, revision });
      } else {
        const record = withId(nodeTapFlowCodec.parse(entry.key, entry.value), id, entry.key);
        if (record.leased) this.#leased.set(entry.key, { service: record.tap_service_id, entry });
        this.#wanted.setFlow({ record: this.#asReceived(record), revision });
      }
    } catch (error) {
      const problem = error instanceof RecordError ? error.problem : `cannot be taken in: ${String(error)}`;
      if (kind === 'tap_services') this.#wanted.setUnreadableService(id);
      else if (kind === 'tap_mirrors') this.#wanted.mirrors.setUnreadable(id);
      else this.#wanted.setUnreadableFlow(id, before.lastKnown(id));
      this.#unreadable.set(entry.key, { kind, id, revision, problem });
      this.logger.error({ key: entry.key, problem }, 'a wanted record cannot be used');
    }
  }

  #delete(key: string, ids: GatheredTaps): void {
    const parsed = parseKey(key);
    if (parsed.is === 'statistics-request') this.#requests.delete(tapName(parsed.kind, parsed.id));
    if (parsed.is === 'capture-lease') this.#setReceived(parsed.service, false, ids, this.#wanted);
    if (parsed.is !== 'node-resource') return;
    this.#touch(key, ids);
    // One that goes without a tombstone leaves its mirror, which only its service can tell from those of others.
    const last = parsed.kind === 'tap_flows' ? this.#wanted.lastKnown(parsed.id)?.record : undefined;
    if (last && !last.removed) ids.services.add(last.tap_service_id);
    if (parsed.kind === 'tap_services') this.#wanted.deleteService(parsed.id);
    else if (parsed.kind === 'tap_mirrors') this.#wanted.mirrors.delete(parsed.id);
    else this.#wanted.deleteFlow(parsed.id);
  }

  /** A flow whose copies nobody receives is as though it had a tombstone: whoever would have written that may be gone, too. */
  #asReceived(record: NodeTapFlow): NodeTapFlow {
    return record.leased && !this.#received.has(record.tap_service_id) ? { ...record, removed: true } : record;
  }

  #setReceived(service: string, isReceived: boolean, ids: GatheredTaps, before: Wanted): void {
    if (this.#received.has(service) === isReceived) return;
    if (isReceived) this.#received.add(service);
    else this.#received.delete(service);
    for (const each of [...this.#leased.values()]) if (each.service === service) this.#put(each.entry, ids, before);
  }

  /** What was known under the key is about to change. */
  #touch(key: string, ids: GatheredTaps): void {
    const parsed = parseKey(key);
    if (parsed.is !== 'node-resource') return;
    const { kind, id } = parsed;
    this.#unreadable.delete(key);
    this.#leased.delete(key);
    addTap(ids, tapName(kind, id));
    if (kind !== 'tap_flows') return;
    // The service that it was a flow of may have no use for its bridge domain any more.
    const service = this.#wanted.lastKnown(id)?.record.tap_service_id;
    if (service !== undefined && this.#isLastOf(service, id)) ids.services.add(service);
  }

  #isLastOf(service: string, flow: string): boolean {
    for (const each of this.#wanted.flowsOf(service)) if (each !== flow) return false;
    return true;
  }
}

/** The key is what the state is reported under, so a record that says another id is not usable. */
function withId<T extends { readonly id: string }>(record: T, id: string, key: string): T {
  if (record.id !== id) throw new RecordError(key, `/id is ${record.id}, which is not the key's`);
  return record;
}
