import { setImmediate } from 'node:timers/promises';
import { prefixes, root } from '@taas/model';
import { type Clock, inSlices, type Logger } from '@taas/service';
import type { FollowEvent, Revision, Store } from '@taas/store';
import type { ClusterView, OwnersKnown } from './cluster-view.js';
import type { Dirty } from './dirty.js';
import { HeartbeatJudge } from './heartbeat-judge.js';
import { NodeClocks } from './node-clocks.js';
import type { PlacesFrom } from './port-places.js';
import { ViewState } from './view-state.js';
import { wholeRevisions } from './whole-revisions.js';

export type ViewListener = (dirty: Dirty) => void;

/** The view could not be brought up to date in time; the caller should say so rather than answer from the past. */
export class ViewBehindError extends Error {
  override readonly name = 'ViewBehindError';
}

interface Waiter {
  readonly revision: Revision;
  readonly wake: () => void;
}

/** How long taking in what etcd says may keep the process to itself, in ms: a slice of what others do comes besides. */
const stretchMs = 4;

/** How long whoever waits however long that takes waits at a time, in ms. */
const patienceMs = 60_000;

/** The reason to end a wait that has been for something. */
const arrived = new Error('the revision has arrived');

/** A {@link ClusterView} kept up to date from the store, and a place to wait for what one has written oneself. */
export class LiveView {
  readonly #state: ViewState;
  /** Whether the view is known to be up to date; false before the first snapshot and while the store is out of sight. */
  fresh = false;
  /** When etcd was last heard to have changed, monotonic in ms; null before the first time. */
  heardAt: number | null = null;
  /** Why etcd is out of sight; null: it is not, or has not been looked for yet. */
  problem: Error | null = null;
  readonly #clocks = new NodeClocks();
  /** Malformed values seen since start. */
  malformedSeen = 0;
  readonly #listeners = new Set<ViewListener>();
  readonly #waiters = new Set<Waiter>();
  readonly #judge: HeartbeatJudge;
  readonly #reported = new Map<string, string>();
  /** Nodes by the tunnel address that they all claim. */
  #contested = new Map<string, string>();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly logger: Logger,
    placesFrom?: PlacesFrom,
    owners?: OwnersKnown,
    /** Silence of the leading server, in ms, above which etcd may not have taken writes from anybody. */
    leaderGapMs = 10_000,
  ) {
    this.#state = new ViewState(placesFrom, owners);
    this.#judge = new HeartbeatJudge(leaderGapMs);
  }

  /** To look at: nobody else changes it. */
  get view(): ClusterView {
    return this.#state;
  }

  /** Follows until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const event of this.store.follow([prefixes.api, `${root}/nodes/`, `${root}/state/`], signal)) {
      if (event.kind === 'stale') this.#lost(event.cause);
      else if (event.kind === 'changes') await this.#takeIn(event);
      else {
        // In slices: requests and leases go on meanwhile, by the view as it was.
        const read = await inSlices(this.#state.read(event.entries), this.clock);
        // In one go: nobody may see the new view before the listeners have been told.
        this.#taken(this.#state.adopt(read, event.revision));
      }
    }
    this.fresh = false;
  }

  /** Takes in many changes in portions of whole revisions, between which others have their turn and see each as it was then. */
  async #takeIn(event: Extract<FollowEvent, { kind: 'changes' }>): Promise<void> {
    let since = this.clock.monotonic();
    for (const portion of wholeRevisions(event)) {
      if (this.clock.monotonic() - since >= stretchMs) {
        await setImmediate();
        since = this.clock.monotonic();
      }
      this.#taken(this.#state.apply(portion));
    }
  }

  #lost(cause: Error): void {
    if (this.fresh) this.logger.warn({ cause }, 'etcd is out of sight; lists are refused until it is back');
    this.fresh = false;
    this.problem = cause;
  }

  /** How far a node's clock is ahead of ours, in ms; null if it was not heard. */
  aheadMs(node: string): number | null {
    return this.#clocks.aheadMs(node);
  }

  /** The view has moved on: whoever listens or waits is told. */
  #taken(dirty: Dirty): void {
    if (!this.fresh) this.logger.info({ revision: this.view.revision }, 'etcd is in sight');
    this.fresh = true;
    this.problem = null;
    this.heardAt = this.clock.monotonic();
    this.#contained('heartbeats', () => {
      for (const node of this.#judge.take(this.view, dirty, this.clock.monotonic())) this.#silence(node, dirty);
    });
    this.#clocks.take(this.view, dirty, this.clock.now());
    this.#reportProblems(dirty);
    if (dirty.whole || dirty.agents.size > 0) this.#contained('tunnel addresses', () => this.#reportContested());
    for (const listener of this.#listeners) this.#tell(listener, dirty);
    for (const waiter of [...this.#waiters]) {
      if (waiter.revision > this.view.revision) continue;
      this.#waiters.delete(waiter);
      waiter.wake();
    }
  }

  #silence(node: string, dirty: Dirty): void {
    this.#state.silence(node, dirty);
    if (this.view.silent.has(node))
      this.logger.warn({ node }, 'the agent has been silent for too long though its lease is held: it counts as gone');
  }

  /** A listener that fails keeps nobody else from being told. */
  #tell(listener: ViewListener, dirty: Dirty): void {
    this.#contained('a listener', () => listener(dirty));
  }

  #contained(part: string, work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.logger.error({ cause, part }, 'what has changed in etcd could not be dealt with');
    }
  }

  /** Nobody is refused for it: see decision 28. */
  #reportContested(): void {
    const before = this.#contested;
    this.#contested = new Map(this.view.underlay.contested.map(({ address, nodes }) => [address, nodes.join(', ')]));
    for (const [address, nodes] of this.#contested)
      if (before.get(address) !== nodes)
        this.logger.error(
          { address, nodes },
          'several nodes say that this is their tunnel address: taps with them do not work',
        );
    for (const address of before.keys())
      if (!this.#contested.has(address))
        this.logger.info({ address }, 'only one node says now that this is its tunnel address');
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves once the view is at `revision` or later.
   * @throws ViewBehindError after `timeoutMs`, or the signal's reason
   */
  async reached(revision: Revision, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.view.revision >= revision) return;
    signal?.throwIfAborted();
    // AbortSignal.any would do, but Node 20 keeps its products alive as long as a long-lived source.
    const done = new AbortController();
    const onAbort = () => done.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const waiter: Waiter = { revision, wake: () => done.abort(arrived) };
    this.#waiters.add(waiter);
    try {
      await this.clock.sleep(timeoutMs, done.signal);
    } catch (error) {
      if (done.signal.reason === arrived) return;
      throw error;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', onAbort);
    }
    throw new ViewBehindError(`etcd's revision ${revision} has not arrived here within ${timeoutMs} ms`);
  }

  /** As {@link reached}, however long that takes. @throws the signal's reason */
  async arrived(revision: Revision, signal: AbortSignal): Promise<void> {
    while (this.view.revision < revision) {
      try {
        await this.reached(revision, patienceMs, signal);
      } catch (error) {
        if (!(error instanceof ViewBehindError)) throw error;
      }
    }
  }

  /**
   * Resolves with true once `holds`, looked at after each change, or with false after `timeoutMs`.
   * @param holds cheap, and throws nothing
   */
  async until(holds: (view: ClusterView) => boolean, timeoutMs: number): Promise<boolean> {
    if (holds(this.view)) return true;
    const done = new AbortController();
    const unsubscribe = this.subscribe(() => {
      if (holds(this.view)) done.abort(arrived);
    });
    try {
      await this.clock.sleep(timeoutMs, done.signal);
    } catch (error) {
      if (done.signal.reason !== arrived) throw error;
      return true;
    } finally {
      unsubscribe();
    }
    return false;
  }

  /** Costs what has changed: a whole release of agents may write what this server cannot read. */
  #reportProblems({ whole, problems: changed }: Dirty): void {
    const { problems } = this.view;
    for (const key of whole ? [...this.#reported.keys(), ...problems.keys()] : changed) {
      const problem = problems.get(key);
      if (problem === this.#reported.get(key)) continue;
      if (problem === undefined) {
        this.#reported.delete(key);
        continue;
      }
      this.#reported.set(key, problem);
      this.malformedSeen += 1;
      this.logger.error({ key, problem }, 'malformed record in etcd: it is left out, its neighbours are not');
    }
  }
}
