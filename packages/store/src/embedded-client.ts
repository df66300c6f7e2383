import { EmbeddedFollower } from './embedded-follower.js';
import type { EmbeddedServer, EmbeddedServerListener } from './embedded-server.js';
import type {
  CallOptions,
  FollowEvent,
  KeyValue,
  Lease,
  LeaseId,
  Revision,
  Store,
  Transaction,
  TransactionResult,
} from './store.js';
import { StoreError } from './store-error.js';
import { checkKey, checkTransaction } from './transaction-limits.js';

/** An in-memory store of one process, with the levers that a test needs to make trouble. */
export interface EmbeddedStore extends Store {
  /** Another client of the same data, as another process would be: it is closed, disconnected and so on by itself. */
  client(): EmbeddedStore;
  /** The server goes away: calls fail as `unavailable`, followers go stale, leases are not renewed. Data stays. */
  stop(): void;
  /** The server is back; as in etcd, every lease has its whole time to live left. */
  start(): void;
  /** Only this client loses the server. */
  disconnect(): void;
  reconnect(): void;
  /** Forgets the changes up to `revision` (default: all), so that a follower that has not read them starts again. */
  compact(revision?: Revision): void;
  /** Every follower of this client goes stale and starts again, whatever the cause would be. */
  breakFollowers(): void;
  /** The server drops the lease (default: every lease) and its keys, behind the holder's back. */
  expireLease(id?: LeaseId): void;
}

interface HeldLease {
  readonly lost: AbortController;
  /** Runs while the server cannot be reached: the holder's own deadline. */
  deadline: AbortController | undefined;
  readonly ttlMs: number;
}

/** One client of an embedded server: what another process would be with etcd. */
export class EmbeddedClient implements EmbeddedStore {
  readonly #followers = new Set<EmbeddedFollower>();
  readonly #held = new Map<LeaseId, HeldLease>();
  #connected = true;
  #closed = false;
  readonly #listener: EmbeddedServerListener;

  constructor(private readonly server: EmbeddedServer) {
    this.#listener = {
      changed: (record) => {
        for (const follower of this.#followers) follower.changed(record);
      },
      leaseEnded: (id) => this.#lose(id, new StoreError('lease-lost', `lease ${id} has expired or was revoked`)),
      runningChanged: () => this.#reachableChanged(),
    };
    server.listeners.add(this.#listener);
  }

  async get(key: string, options?: CallOptions): Promise<KeyValue | undefined> {
    checkKey(key);
    await this.#call(options);
    return this.server.data.get(key);
  }

  async list(prefix: string, options?: CallOptions): Promise<{ revision: Revision; entries: readonly KeyValue[] }> {
    await this.#call(options);
    return { revision: this.server.data.revision, entries: this.server.data.list(prefix) };
  }

  async transact(transaction: Transaction, options?: CallOptions): Promise<TransactionResult> {
    checkTransaction(transaction);
    await this.#call(options);
    return this.server.transact(transaction);
  }

  async *follow(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<FollowEvent, void, undefined> {
    const follower = new EmbeddedFollower(this.server.data, prefixes, this.#reachable());
    if (this.#closed) return;
    this.#followers.add(follower);
    try {
      yield* follower.events(signal);
    } finally {
      this.#followers.delete(follower);
    }
  }

  async lease(ttlSeconds: number, options?: CallOptions): Promise<Lease> {
    await this.#call(options);
    if (!(ttlSeconds > 0)) throw new StoreError('invalid', `a lease of ${ttlSeconds} seconds cannot be granted`);
    const id = this.server.leases.grant(ttlSeconds);
    const lost = new AbortController();
    this.#held.set(id, { lost, deadline: undefined, ttlMs: ttlSeconds * 1000 });
    return { id, lost: lost.signal, revoke: () => this.#revoke(id) };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.server.listeners.delete(this.#listener);
    for (const follower of this.#followers) follower.end();
    for (const id of [...this.#held.keys()]) {
      this.#lose(id, new StoreError('closed', 'the store was closed'));
      // Nobody is left to see the lease run out once the last client is gone, and its timer would hold the process.
      if (this.server.listeners.size > 0 && this.server.running) this.server.leases.startCountdown(id);
    }
    if (this.server.listeners.size === 0) this.server.leases.freeze();
  }

  client(): EmbeddedStore {
    return new EmbeddedClient(this.server);
  }

  stop(): void {
    this.server.stop();
  }

  start(): void {
    this.server.start();
  }

  disconnect(): void {
    this.#setConnected(false);
  }

  reconnect(): void {
    this.#setConnected(true);
  }

  compact(revision: Revision = this.server.data.revision): void {
    this.server.data.compact(revision);
  }

  breakFollowers(): void {
    for (const follower of this.#followers) {
      follower.setReachable(false);
      follower.setReachable(this.#reachable());
    }
  }

  expireLease(id?: LeaseId): void {
    for (const each of id === undefined ? this.server.leases.ids() : [id]) this.server.leases.end(each);
  }

  #reachable(): boolean {
    return this.#connected && this.server.running;
  }

  /** Everything a call checks before it is carried out, one turn of the event loop away as a round trip would be. */
  async #call(options: CallOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    options?.signal?.throwIfAborted();
    if (this.#closed) throw new StoreError('closed', 'the store was closed');
    if (!this.#reachable()) throw new StoreError('unavailable', 'the embedded store is stopped or disconnected');
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.#reachableChanged();
  }

  #reachableChanged(): void {
    const reachable = this.#reachable();
    for (const follower of this.#followers) follower.setReachable(reachable);
    for (const [id, held] of this.#held) {
      if (reachable) this.#renew(id, held);
      else this.#startDeadline(id, held);
    }
  }

  #renew(id: LeaseId, held: HeldLease): void {
    held.deadline?.abort();
    held.deadline = undefined;
    this.server.leases.hold(id);
  }

  #startDeadline(id: LeaseId, held: HeldLease): void {
    if (this.server.running) this.server.leases.startCountdown(id);
    if (held.deadline !== undefined) return;
    const deadline = new AbortController();
    held.deadline = deadline;
    this.server.clock.sleep(held.ttlMs, deadline.signal).then(
      () => this.#lose(id, new StoreError('lease-lost', `lease ${id} could not be renewed in time`)),
      () => undefined,
    );
  }

  async #revoke(id: LeaseId): Promise<void> {
    if (!this.#held.has(id)) return;
    this.#lose(id, new StoreError('lease-lost', `lease ${id} was revoked`));
    if (this.#reachable()) this.server.leases.end(id);
    else throw new StoreError('unavailable', `lease ${id} could not be revoked and will run out: the server is gone`);
  }

  #lose(id: LeaseId, reason: StoreError): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    held.deadline?.abort();
    held.lost.abort(reason);
  }
}
