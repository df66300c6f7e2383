import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import type { Leadership, Store, Transaction } from '@taas/store';
import type { RemoteAddressPolicy } from '../addresses/remote-address-policy.js';
import { type Sliced, Slices } from '../slices/slices.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { Dirty } from '../view/dirty.js';
import { everyPort, everyService } from '../view/everything.js';
import type { LiveView } from '../view/live-view.js';
import { compileMirror } from './compile-mirror.js';
import { compiling } from './compile-service.js';
import type { Compiled } from './compiled.js';
import { completing } from './fold-statistics.js';
import { planMirror } from './plan-mirror.js';
import { planning } from './plan-service.js';
import { planUnderlay } from './plan-underlay.js';
import { planRoleRemoval } from './port-role-removal.js';
import type { SegmentPolicy } from './segment-options.js';
import { type SegmentTaken, withTakings } from './segments-in-hand.js';
import { cutting, type ServiceSlice } from './service-slice.js';
import { type SessionsTaken, withSessionsInHand } from './sessions-in-hand.js';
import type { Step } from './step.js';
import { Takings } from './takings.js';
import { packSteps } from './transactions.js';
import { WorkQueue } from './work-queue.js';

export interface CompilerDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly policy: SegmentPolicy;
  readonly remoteAddresses: RemoteAddressPolicy;
  /** Those of all that this server does; of the compiler alone if absent. */
  readonly slices?: Slices;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/** Counts since start: the measure of what a change costs. */
export interface CompilerStats {
  compiled: number;
  transactions: number;
  operations: number;
  conflicts: number;
  failures: number;
}

/**
 * How many keys are worked on at a time: most of it is waiting for etcd, which writes down many requests together. What they are about to
 * take is counted, however many they are.
 */
const workers = 32;
const catchUpMs = 5_000;
/** How long the compiler may keep the process to itself with what it does not do in slices, in ms. */
const stretchMs = 5;
/** How often a large service that is touched meanwhile is planned anew before what has been worked out is written all the same. */
const slicedAttempts = 3;
const retry: BackoffPolicy = { firstMs: 20, maxMs: 5_000 };
/** In the queue: all keys are to be put there. */
const everything = 'everything/';

/**
 * The leader's loop: takes each tap service, tap mirror, port or node that an event was about, works out what etcd should say, and writes
 * the difference. It compares whole states, so that an event only says where to look and a missed one does no harm.
 */
export class Compiler {
  readonly stats: CompilerStats = { compiled: 0, transactions: 0, operations: 0, conflicts: 0, failures: 0 };
  readonly #queue = new WorkQueue();
  readonly #segments = new Takings<SegmentTaken>();
  readonly #sessions = new Takings<SessionsTaken>();
  readonly #failures = new Map<string, number>();
  /** Keys that wait out a back-off: no more than there are keys, since a key fails only when it is worked on. */
  readonly #delayed = new Set<Promise<void>>();
  readonly #slices: Slices;
  #breathedAt = 0;

  constructor(private readonly deps: CompilerDeps) {
    this.#slices = deps.slices ?? new Slices({ clock: deps.clock });
  }

  /** Works until the leadership ends. Never throws for what a single tap service does. */
  async lead(leadership: Leadership): Promise<void> {
    const unsubscribe = this.deps.live.subscribe((dirty) => this.#enqueue(dirty));
    this.#queue.add(everything);
    try {
      await Promise.all(Array.from({ length: workers }, () => this.#work(leadership)));
    } finally {
      unsubscribe();
      this.#failures.clear();
      await Promise.all(this.#delayed);
    }
  }

  /** Resolves when every change seen so far has been dealt with, as far as the compiler can. */
  idle(signal: AbortSignal): Promise<void> {
    return this.#queue.idle(signal);
  }

  /** Keys to look at, those that wait out a back-off included. */
  get backlog(): number {
    return this.#queue.size + this.#delayed.size;
  }

  #enqueue(dirty: Dirty): void {
    const add = (key: string) => this.#queue.add(key);
    if (dirty.whole) add(everything);
    for (const id of dirty.services) add(`service/${id}`);
    for (const id of dirty.mirrors) add(`mirror/${id}`);
    for (const port of dirty.ports) add(`port/${port}`);
    for (const node of dirty.nodes) add(`underlay/${node}`);
    if (dirty.segmentsFreed) for (const key of this.#segments.waiting) add(key);
    if (dirty.sessionsFreed) for (const key of this.#sessions.waiting) add(key);
  }

  /**
   * Puts down all that there is, to be looked at behind what something has happened to. A new snapshot has it begun anew: what is gone
   * through is then of the past.
   */
  *#putDownEverything(): Sliced<readonly Step[]> {
    const { view } = this.deps.live;
    for (const key of everyKey(view)) {
      if (this.#queue.isAgain(everything)) break;
      this.#queue.addLater(key);
      yield;
    }
    return [];
  }

  async #work(leadership: Leadership): Promise<void> {
    const { signal } = leadership;
    while (!signal.aborted) {
      let key: string;
      try {
        key = await this.#queue.take(signal);
      } catch {
        return; // The leadership ended: whoever leads next starts from the whole view.
      }
      try {
        await this.#breathe(signal);
        if (await this.#attend(key, leadership)) this.#failures.delete(key);
        else this.#tryAgain(key, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.stats.failures += 1;
        this.deps.logger.error({ cause: error, key }, 'could not compile; will try again');
        this.#tryAgain(key, signal);
      } finally {
        this.#queue.done(key);
      }
    }
  }

  /** After a stretch of work that waited for nothing, lets requests and leases have their turn. */
  async #breathe(signal: AbortSignal): Promise<void> {
    const now = this.deps.clock.monotonic();
    if (now - this.#breathedAt < stretchMs) return;
    this.#breathedAt = now;
    await this.deps.clock.sleep(0, signal);
  }

  /** Puts the key back after a back-off that holds up nobody else; the first time at once. */
  #tryAgain(key: string, signal: AbortSignal): void {
    const attempt = this.#failures.get(key) ?? 0;
    this.#failures.set(key, attempt + 1);
    if (attempt === 0) {
      this.#queue.add(key);
      return;
    }
    const delay = backoffDelay(retry, attempt - 1, this.deps.random());
    const wait = this.deps.clock.sleep(delay, signal).then(
      () => this.#queue.add(key),
      () => undefined, // The leadership ended, and with it the reason to try again.
    );
    const ended: Promise<void> = wait.finally(() => this.#delayed.delete(ended));
    this.#delayed.add(ended);
  }

  /** @returns false if the view was behind and the same has to be looked at again */
  async #attend(key: string, leadership: Leadership): Promise<boolean> {
    const id = key.slice(key.indexOf('/') + 1);
    const { live, store } = this.deps;
    let isWritten = false;
    try {
      const planned = await this.#plan(key, id, leadership.signal);
      const steps = await completing(planned, live.view, store, leadership.signal);
      for (const transaction of packSteps(steps, [leadership.fence])) {
        if (!(await this.#write(transaction, leadership.signal))) return false;
      }
      isWritten = true;
      return true;
    } finally {
      this.#endTakings(key, isWritten);
    }
  }

  /** @param isTaken the view shows what was in hand as taken; else whoever waits may have it */
  #endTakings(key: string, isTaken: boolean): void {
    for (const takings of [this.#segments, this.#sessions])
      for (const other of takings.end(key, isTaken)) this.#queue.add(other);
  }

  #plan(key: string, id: string, signal: AbortSignal): readonly Step[] | Promise<readonly Step[]> {
    const { view } = this.deps.live;
    if (key === everything) return this.#slices.run('', this.#putDownEverything(), signal);
    if (key.startsWith('port/')) return planRoleRemoval(view, id);
    if (key.startsWith('underlay/')) return planUnderlay(view, id);
    if (key.startsWith('mirror/')) return this.#planMirror(key, id);
    return this.#slices.run('', this.#planUntouched(key, id), signal);
  }

  #planMirror(key: string, id: string): readonly Step[] {
    const { live, policy, remoteAddresses: addresses } = this.deps;
    const sessions = withSessionsInHand(live.view, this.#sessions, key);
    const compiled = compileMirror(live.view, { addresses, projectShare: policy.projectShare, sessions }, id);
    if (compiled.takes) this.#sessions.take(key, [compiled.takes]);
    this.#sessions.setWaits(key, compiled.waitsForSession);
    return planMirror(live.view, id, compiled);
  }

  /**
   * In slices, between which the view moves on. What was about the service has put its key into the queue again: then what has
   * been worked out may be of no use, and it is begun anew. A service that is touched again and again is planned to the end all
   * the same: each write compares the records that it was made from, and the key comes again.
   */
  *#planUntouched(key: string, id: string): Sliced<readonly Step[]> {
    for (let attempt = 0; attempt < slicedAttempts; attempt += 1) {
      const work = this.#planService(key, id);
      for (let step = work.next(); ; step = work.next()) {
        if (step.done) return step.value;
        yield;
        if (this.#queue.isAgain(key)) break;
      }
    }
    return yield* this.#planService(key, id);
  }

  *#planService(key: string, id: string): Sliced<readonly Step[]> {
    const { live, policy } = this.deps;
    const { view } = live;
    this.#endTakings(key, false);
    const held = withTakings(view, this.#segments, key);
    let slice: ServiceSlice;
    let compiled: Compiled;
    const now = () => `${view.revision}/${this.#segments.changes}`;
    let begun: string;
    do {
      begun = now();
      slice = yield* cutting(view, policy, id, held);
      compiled = yield* compiling(slice);
      this.stats.compiled += 1;
      // Others may have taken meanwhile what was free, or given back what they had in hand.
    } while (now() !== begun && !slice.choicesHold());
    this.#take(key, slice, compiled);
    this.#segments.setWaits(key, compiled.waitsForSegment);
    const { states, agents, flows, finals, totals } = view;
    const context = { states, agents, flows, finals, totals };
    return yield* planning(slice, compiled, { ...context, holdSegments: view.nodeRecords.orphans > 0 });
  }

  /** Nobody else has the segments that a service is to take, from now on. */
  #take(key: string, { id, service }: ServiceSlice, { segmentsNeeded }: Compiled): void {
    const project = service?.record?.project_id;
    if (project === undefined || segmentsNeeded.length === 0) return;
    this.#segments.take(
      key,
      segmentsNeeded.map((segment) => ({ segment, service: id, project })),
    );
  }

  /** Writes and waits until the view shows it, so that the next poll is not of the past. */
  async #write(transaction: Transaction, signal: AbortSignal): Promise<boolean> {
    const result = await this.deps.store.transact(transaction, { signal });
    this.stats.transactions += 1;
    if (result.succeeded) this.stats.operations += transaction.operations.length;
    else this.stats.conflicts += 1;
    // After a conflict the view must at least show what stood in the way.
    const seen = result.succeeded
      ? result.revision
      : result.current.reduce((latest, entry) => Math.max(latest, entry?.modRevision ?? 0), 0);
    await this.deps.live.reached(seen, catchUpMs, signal);
    return result.succeeded;
  }
}

/** What may have to be looked at; some of it more than once. */
function* everyKey(view: ClusterView): Generator<string> {
  for (const id of everyService(view)) yield `service/${id}`;
  for (const id of view.mirrors.everything()) yield `mirror/${id}`;
  for (const port of everyPort(view)) yield `port/${port}`;
  for (const node of view.underlay.nodes()) yield `underlay/${node}`;
}
