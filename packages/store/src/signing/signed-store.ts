import type { Clock } from '@taas/service';
import type {
  CallOptions,
  Change,
  Compare,
  FollowEvent,
  KeyValue,
  Lease,
  Operation,
  Store,
  Transaction,
  TransactionResult,
} from '../store.js';
import { type NeededSigner, readSealed } from './envelope.js';
import { followAnew } from './follow-anew.js';
import { ReplayWatch } from './replay-watch.js';
import type { SignatureDesk } from './signature-desk.js';
import { SignatureError } from './signature-error.js';

/** What signing knows of a key. */
export interface KeySigner extends NeededSigner {
  /** Whether we sign it; another's values we only verify. */
  readonly ours: boolean;
  /** Who verifies it, and signs it if it is ours. */
  readonly desk: SignatureDesk;
  /** Whether its writer writes it again and again, so that nobody has to sign it anew. */
  readonly beating: boolean;
}

export interface SignedStoreOptions {
  /** Who signs a key; null for one that nobody signs, or of which nobody cares. */
  readonly signerOf: (key: string) => KeySigner | null;
  /** All who verify. */
  readonly desks: readonly SignatureDesk[];
  readonly clock: Clock;
}

/** How long opening values may keep the process to itself, in ms. */
const stretchMs = 8;

/**
 * A store in which values are signed: it signs what is written and verifies what is read, so that its users see plain values. One
 * that is not believed has no value and says why in `refused`. Keys that nobody signs pass as they are.
 */
export class SignedStore implements Store {
  readonly #replay = new ReplayWatch();

  constructor(
    private readonly inner: Store,
    private readonly options: SignedStoreOptions,
  ) {}

  async get(key: string, options?: CallOptions): Promise<KeyValue | undefined> {
    const found = await this.inner.get(key, options);
    return found && this.#open(found);
  }

  async list(prefix: string, options?: CallOptions) {
    const { revision, entries } = await this.inner.list(prefix, options);
    this.#replay.reached(revision);
    return { revision, entries: await this.#openAll(entries) };
  }

  async transact(transaction: Transaction, options?: CallOptions): Promise<TransactionResult> {
    const compare: Compare[] = [];
    for (const each of transaction.compare) compare.push(await this.#comparable(each, options));
    const operations: Operation[] = [];
    for (const each of transaction.operations) operations.push(await this.#sealed(each, options));
    const result = await this.inner.transact({ compare, operations }, options);
    this.#replay.reached(result.revision);
    if (result.succeeded) return result;
    return { ...result, current: result.current.map((entry) => entry && this.#open(entry)) };
  }

  /** Begins anew when keys for signatures change: they may make other values believable. */
  async *follow(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<FollowEvent, void, undefined> {
    const events = followAnew(this.options.desks, signal, (until) => this.inner.follow(prefixes, until));
    for await (const event of events) yield await this.#openEvent(event);
  }

  lease(ttlSeconds: number, options?: CallOptions): Promise<Lease> {
    return this.inner.lease(ttlSeconds, options);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /**
   * Signs anew what is ours and was signed with another certificate than our present one, or not at all where that is believed: so
   * that it still counts when the old certificate does not any more. A key stays on its lease, whoever keeps that alive.
   * @param compare what must hold for each write
   * @returns how many were signed anew
   */
  async renew(prefix: string, compare: readonly Compare[], signal: AbortSignal): Promise<number> {
    const { entries } = await this.inner.list(prefix, { signal });
    let renewed = 0;
    for (const entry of entries) {
      const signer = this.options.signerOf(entry.key);
      if (!signer?.ours || signer.beating) continue;
      if (readSealed(entry.value)?.certificate === signer.desk.own?.certificate) continue;
      const { key, value, refused, lease, modRevision: revision } = this.#open(entry);
      if (refused !== undefined) continue;
      const { succeeded } = await this.transact(
        {
          compare: [{ kind: 'mod-revision', key, revision }, ...compare],
          operations: [{ kind: 'put', key, value, ...(lease === undefined ? {} : { lease }) }],
        },
        { signal },
      );
      if (succeeded) renewed += 1;
    }
    return renewed;
  }

  /** Two signatures of one value differ, so a comparison with a value becomes one with the revision at which it stands. */
  async #comparable(compare: Compare, options: CallOptions | undefined): Promise<Compare> {
    if (compare.kind !== 'value' || !this.options.signerOf(compare.key)) return compare;
    const { key, value } = compare;
    const stands = await this.get(key, options);
    // No key has ever had the last number for a revision, so this does not hold.
    const revision = stands && stands.value === value ? stands.modRevision : Number.MAX_SAFE_INTEGER;
    return { kind: 'mod-revision', key, revision };
  }

  async #sealed(operation: Operation, options: CallOptions | undefined): Promise<Operation> {
    if (operation.kind !== 'put') return operation;
    const signer = this.options.signerOf(operation.key);
    if (!signer?.ours) return operation;
    // Whoever wrote the key before us, such as ourselves before a restart, wrote it before this revision.
    if (this.#replay.seen === 0) this.#replay.reached((await this.inner.list(operation.key, options)).revision);
    return { ...operation, value: signer.desk.seal(operation.key, operation.value, this.#replay.seen) };
  }

  async #openEvent(event: FollowEvent): Promise<FollowEvent> {
    if (event.kind === 'stale') return event;
    this.#replay.reached(event.revision);
    if (event.kind === 'snapshot') return { ...event, entries: await this.#openAll(event.entries) };
    return { ...event, changes: await this.#paced(event.changes, (change) => this.#openChange(change)) };
  }

  #openChange(change: Change): Change {
    return change.kind === 'put' ? { kind: 'put', entry: this.#open(change.entry) } : change;
  }

  #openAll(entries: readonly KeyValue[]): Promise<KeyValue[]> {
    return this.#paced(entries, (entry) => this.#open(entry));
  }

  /** Does the same to all, and lets others have their turn now and then. */
  async #paced<T, R>(all: readonly T[], work: (each: T) => R): Promise<R[]> {
    const { clock } = this.options;
    const done: R[] = [];
    let since = clock.monotonic();
    for (const each of all) {
      done.push(work(each));
      if (clock.monotonic() - since < stretchMs) continue;
      await clock.sleep(0);
      since = clock.monotonic();
    }
    return done;
  }

  #open(entry: KeyValue): KeyValue {
    const signer = this.options.signerOf(entry.key);
    if (signer === null) return entry;
    this.#replay.reached(entry.modRevision);
    const verdict = signer.desk.open(entry.key, entry.value, signer);
    if ('refused' in verdict) return { ...entry, value: '', refused: verdict.refused };
    if (verdict.seen === null || this.#replay.take(entry, verdict.seen)) return { ...entry, value: verdict.value };
    const replayed = new SignatureError('replayed', 'is an older value of this key, put back');
    return { ...entry, value: '', ...signer.desk.refuse(entry.key, replayed) };
  }
}
