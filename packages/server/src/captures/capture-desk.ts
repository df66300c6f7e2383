import type { Readable } from 'node:stream';
import type { StatusView, TapFlowRecord } from '@taas/model';
import type { BpfProgram } from '@taas/packets';
import type { Clock, Logger } from '@taas/service';
import type { Lease, Store } from '@taas/store';
import type { Access } from '../auth/access.js';
import type { Behalves } from '../auth/actor.js';
import type { Caller } from '../auth/authenticator.js';
import {
  captureElsewhere,
  captureHasReader,
  captureHasWatchers,
  captureNotFound,
  tooContended,
  unavailable,
} from '../errors/neutron-error.js';
import type { Admission } from '../taps/admission/admission.js';
import type { Recheck } from '../taps/admission/recheck.js';
import { invalidInput } from '../taps/attributes.js';
import { admitFlows } from '../taps/tap-flow/admit-flows.js';
import { admitServices } from '../taps/tap-service/admit-services.js';
import { newConsent, type TapTerms } from '../taps/terms/tap-terms.js';
import type { WriteBudget } from '../taps/write-budget.js';
import type { Dirty } from '../view/dirty.js';
import type { LiveView } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';
import { type CompileExpression, ExpressionError } from './bpf-expression.js';
import { Capture, type CapturePart } from './capture.js';
import { type CapturePlaceLimits, CapturePlaces } from './capture-places.js';
import { captureConsent, captureRecords, captureRemoval, partsOf } from './capture-records.js';
import { type CaptureWish, captureWish, type FindFlow } from './capture-wish.js';
import { FrameRoutes } from './frame-routes.js';
import type { OpenReceiver, ReceiverSocket } from './receiver-socket.js';
import { type ShownCapture, shownCapture } from './shown-capture.js';

export interface CaptureLimits extends CapturePlaceLimits {
  /** What is kept of a capture that the client has not taken yet, in bytes. */
  readonly queueBytes: number;
}

export const defaultCaptureLimits: CaptureLimits = { captures: 16, ofProject: 4, queueBytes: 16 * 1024 * 1024 };

export interface CaptureDeskDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly admission: Admission;
  readonly recheck: Recheck;
  readonly access: Access;
  readonly budget: WriteBudget;
  readonly writes: OwnWrites;
  readonly checkRoom: () => void;
  readonly statusOf: (flow: TapFlowRecord) => StatusView;
  /** Where nodes send to; empty: this server receives no captures. */
  readonly address: string;
  /** On which this server listens. */
  readonly listenAddress: string;
  readonly openReceiver: OpenReceiver;
  readonly compileExpression: CompileExpression;
  /** This server's name, for people. */
  readonly server: string;
  readonly terms: TapTerms;
  readonly findFlow: FindFlow;
  /** Tells the audit trail that somebody reads a capture. */
  readonly tellRead: (capture: ReadCapture) => Promise<void>;
  readonly limits?: Partial<CaptureLimits>;
  readonly behalves?: Behalves | undefined;
  /** How long a request may wait for the view, in ms. */
  readonly catchUpMs: number;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
}

/** A capture's lease, in seconds: so long after the death of its server nodes end it. */
const leaseSeconds = 6;
/** Captures that have ended are shown so long, in ms, and so many of them. */
const afterwardsMs = 60_000;
const mostAfterwards = 64;
/** How long readers may take the rest when the server stops, in ms. */
const stopMs = 2_000;

/** What is told of a capture that is read. */
export type ReadCapture = Pick<Capture, 'id' | 'wish' | 'parts'>;

/** A capture, and what it has in etcd. */
interface Running {
  readonly capture: Capture;
  readonly lease: Lease;
  /** Revision at which its records were written. */
  readonly revision: number;
  readonly done: Promise<void>;
}

/** What is known of a capture that has ended. */
interface Ended {
  readonly wish: CaptureWish;
  readonly shown: ShownCapture;
  readonly at: number;
}

/** A capture that has been let in. */
interface Made extends Pick<Running, 'lease' | 'revision'> {
  readonly wish: CaptureWish;
  readonly userId: string;
  readonly parts: readonly CapturePart[];
  readonly program: BpfProgram | null;
  readonly socket: ReceiverSocket;
}

/**
 * The captures that this server receives. Each is a tap service and a tap flow for every port and direction, admitted as all others
 * are; what differs is that they lead here. All that a capture has in etcd hangs on a lease of its own, which this server alone keeps alive.
 */
export class CaptureDesk {
  readonly #limits: CaptureLimits;
  readonly #running = new Map<string, Running>();
  /** That have ended, and whose file somebody reads yet, or may: they hold memory, and so a place. */
  readonly #draining = new Map<string, Capture>();
  readonly #ended = new Map<string, Ended>();
  readonly #routes: FrameRoutes;
  readonly #places: CapturePlaces;
  /** Those that are being made. */
  readonly #starts = new Set<Promise<unknown>>();
  readonly #unsubscribe: () => void;
  #socket: Promise<ReceiverSocket> | null = null;
  #isStopped = false;

  constructor(private readonly deps: CaptureDeskDeps) {
    this.#limits = { ...defaultCaptureLimits, ...deps.limits };
    this.#places = new CapturePlaces(this.#limits);
    this.#routes = new FrameRoutes(deps.address);
    this.#unsubscribe = deps.live.subscribe((dirty) => this.#take(dirty));
  }

  /** Ends all captures, as far as etcd can be asked. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled(this.#starts);
    const all = [...this.#running.values()];
    await Promise.all(all.map(({ capture }) => capture.end('the server stops')));
    await Promise.all(all.map(({ done }) => done));
    await this.#drain();
    this.#unsubscribe();
    const socket = await this.#socket?.catch(() => null);
    this.#socket = null;
    await socket?.close();
  }

  /** @throws NeutronError, in the words of tap flows where they are refused; StoreError */
  async create(json: unknown, caller: Caller): Promise<ShownCapture> {
    const { deps } = this;
    const wish = await captureWish(json, caller, deps.terms, deps.findFlow);
    deps.access.mayCapture(wish, caller);
    if (deps.address === '')
      throw unavailable('This server receives no captures: the operator has not set captures.address.');
    if (this.#isStopped) throw stopping();
    deps.checkRoom();
    const release = this.#takePlace(wish.project_id);
    const start = this.#start(wish, caller);
    this.#starts.add(start);
    try {
      return this.#shown(await start);
    } finally {
      this.#starts.delete(start);
      release();
    }
  }

  list(caller: Caller): readonly ShownCapture[] {
    const running = [...this.#running.values()].map(({ capture }) => capture);
    const seen = <T extends Pick<Capture, 'wish'>>(all: readonly T[]) =>
      all.filter(({ wish }) => this.deps.access.seesCapture(wish, caller));
    return [...seen(running).map((each) => this.#shown(each)), ...seen(this.#shortlyEnded()).map(({ shown }) => shown)];
  }

  /** @throws NeutronError 404; 409 for one that another server receives */
  show(id: string, caller: Caller): ShownCapture {
    const found = this.#find(id, caller);
    return 'shown' in found ? found.shown : this.#shown(found);
  }

  /** The file as it comes; also of one that has just ended, before anybody came. @throws as {@link show}; 409 if somebody reads it */
  async read(id: string, caller: Caller): Promise<Readable> {
    const found = this.#find(id, caller);
    const capture = 'shown' in found ? this.#draining.get(id) : found;
    if (!capture) throw captureNotFound(id);
    if (capture.isRead) throw captureHasReader(id);
    // Before a frame is given out.
    await this.deps.tellRead(capture);
    const stream = capture.read();
    if (!stream) throw captureHasReader(id);
    return stream;
  }

  /**
   * Its packets in words, as they come, beside the file. The trail is told once of whoever looks.
   * @throws as {@link show}; NeutronError 409 if too many look
   */
  async watch(id: string, caller: Caller): Promise<Readable> {
    const found = this.#find(id, caller);
    const capture = 'shown' in found ? this.#draining.get(id) : found;
    if (!capture) throw captureNotFound(id);
    if (!capture.watch.isToldOf(caller.userId)) await this.deps.tellRead(capture);
    const stream = capture.watch.open(caller.userId);
    if (!stream) throw captureHasWatchers(id);
    return stream;
  }

  /** Ends it; one that has ended is not touched. @throws as {@link show}; NeutronError 403 */
  async remove(id: string, caller: Caller): Promise<void> {
    const found = this.#find(id, caller);
    this.deps.access.mayEndCapture(found.wish, caller);
    if ('shown' in found) return;
    const running = this.#running.get(id);
    await found.end('a user has ended it');
    await running?.done;
  }

  /**
   * Agrees to one that waits for a second person; its time runs since it was made. One that does not wait is not changed.
   * @throws as {@link show}; NeutronError 403; 409 for who has asked for it
   */
  async approve(id: string, caller: Caller): Promise<ShownCapture> {
    const found = this.#find(id, caller);
    this.deps.access.mayApproveCapture(found.wish, caller);
    if ('shown' in found) return found.shown;
    const { store, live, writes, clock, catchUpMs } = this.deps;
    await live.reached(this.#running.get(id)?.revision ?? 0, catchUpMs);
    const { compare, operations } = captureConsent(found.parts, live.view, caller, clock.now());
    if (operations.length > 0) {
      const result = await store.transact({ compare, operations });
      if (!result.succeeded) throw tooContended();
      writes.note(result.revision);
      await live.reached(result.revision, catchUpMs);
    }
    return this.#shown(found);
  }

  /** @returns what gives the place back when it runs */
  #takePlace(project: string): () => void {
    const held = [...[...this.#running.values()].map(({ capture }) => capture), ...this.#draining.values()];
    return this.#places.take(
      project,
      held.map(({ wish }) => wish.project_id),
    );
  }

  async #start(wish: CaptureWish, caller: Caller): Promise<Capture> {
    const { deps } = this;
    const program = wish.bpf === null ? null : await this.#compile(wish.bpf);
    // Before anything is written; what lets flows in looks again.
    const check = deps.admission.portChecks(caller);
    for (const port of wish.source_ports) await check(port, wish.project_id);
    if (this.#isStopped) throw stopping();
    const socket = await this.#open();
    const id = deps.newId();
    const parts = partsOf(wish, deps.newId);
    const lease = await deps.store.lease(leaseSeconds);
    try {
      const revision = await this.#admit(id, wish, parts, lease, caller);
      return this.#begin(id, { wish, userId: caller.userId, parts, program, lease, revision, socket });
    } catch (error) {
      // What was written goes with it, at the latest when it runs out.
      await lease.revoke().catch(() => undefined);
      throw error;
    }
  }

  /** Receives from now on. */
  #begin(id: string, made: Made): Capture {
    const { deps } = this;
    const { wish, userId, parts, program, lease, revision, socket } = made;
    let cleared: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      cleared = resolve;
    });
    const { clock, live } = deps;
    const options = { id, wish, userId, parts, queueBytes: this.#limits.queueBytes, program, clock };
    const capture = new Capture({ ...options, kernelDrops: () => socket.drops() }, (over) => {
      void this.#clear(over, lease).finally(cleared);
    });
    this.#running.set(id, { capture, lease, revision, done });
    lease.lost.addEventListener('abort', () => void capture.end('its lease in etcd is lost'), { once: true });
    if (this.#isStopped || lease.lost.aborted) void capture.end('the server stops');
    this.#routes.set(capture, live.view);
    void capture.run();
    return capture;
  }

  /** An expression that does not compile is a capture that is not made, and never one without it. @throws NeutronError 400 */
  async #compile(expression: string): Promise<BpfProgram> {
    try {
      return await this.deps.compileExpression(expression);
    } catch (error) {
      if (error instanceof ExpressionError) throw invalidInput('bpf', error.message);
      throw error;
    }
  }

  /** As any tap flow is. @returns the revision of the last record */
  async #admit(id: string, wish: CaptureWish, parts: readonly CapturePart[], lease: Lease, caller: Caller) {
    const { address, server, clock, recheck, admission, budget, writes } = this.deps;
    const receiver = { address, lease: lease.id, server };
    const { services, flows } = captureRecords(id, wish, parts, receiver, {
      now: clock.now(),
      ...newConsent(this.deps.terms, wish.project_id, caller),
    });
    const { project_id } = wish;
    budget.spend(project_id, [...services, ...flows]);
    writes.note(await recheck.run(project_id, () => admitServices(admission, services, caller)));
    const revision = await recheck.run(project_id, () => admitFlows(admission, flows, caller));
    writes.note(revision);
    return revision;
  }

  /** Takes a capture that has ended out of etcd. What cannot be written now goes with the lease. */
  async #clear(capture: Capture, lease: Lease): Promise<void> {
    const { store, writes, behalves, logger, clock } = this.deps;
    this.#routes.forget(capture);
    this.#running.delete(capture.id);
    this.#remember(capture, clock.now());
    this.#draining.set(capture.id, capture);
    void capture.closed.then(() => this.#draining.delete(capture.id));
    const operations = captureRemoval(capture.parts);
    const work = () => store.transact({ compare: [], operations });
    const because = `its capture has ended: ${capture.endedBecause}`;
    try {
      const { revision } = await (behalves ? behalves.run({ actor: null, because }, work) : work());
      writes.note(revision);
      await lease.revoke();
    } catch (cause) {
      logger.warn({ cause, capture: capture.id }, 'a capture that has ended stays in etcd until its lease runs out');
      await lease.revoke().catch(() => undefined);
    }
    logger.info({ capture: capture.id, because: capture.endedBecause, ...capture.counts }, 'a capture has ended');
  }

  #remember(capture: Capture, now: number): void {
    this.#ended.set(capture.id, { wish: capture.wish, shown: this.#shown(capture), at: now });
    for (const [id, { at }] of this.#ended)
      if (this.#ended.size > mostAfterwards || now - at > afterwardsMs) this.#ended.delete(id);
  }

  #open(): Promise<ReceiverSocket> {
    const { listenAddress, openReceiver, logger } = this.deps;
    this.#socket ??= openReceiver(listenAddress, (payload, from) => this.#routes.take(payload, from)).catch(
      (cause: unknown) => {
        this.#socket = null;
        logger.error({ cause, address: listenAddress }, 'captures cannot be received');
        throw unavailable('This server cannot receive captures at the moment; the operator sees why.', { cause });
      },
    );
    return this.#socket;
  }

  /** Readers of captures that have ended with the server have a moment to take the rest. */
  async #drain(): Promise<void> {
    const enough = new AbortController();
    const waited = this.deps.clock.sleep(stopMs, enough.signal).catch(() => undefined);
    await Promise.race([waited, Promise.all([...this.#draining.values()].map(({ closed }) => closed))]);
    enough.abort();
    for (const capture of this.#draining.values()) capture.abandon();
  }

  #take(dirty: Dirty): void {
    if (this.#running.size === 0) return;
    const { live } = this.deps;
    for (const { capture, revision } of this.#running.values()) {
      if (!dirty.whole && !capture.parts.some(({ service }) => dirty.services.has(service))) continue;
      this.#routes.set(capture, live.view);
      const isThere = capture.parts.some(({ flow }) => live.view.flows.has(flow));
      if (!isThere && live.view.revision >= revision) void capture.end('what it captured was deleted');
    }
  }

  #shortlyEnded(): readonly Ended[] {
    const now = this.deps.clock.now();
    return [...this.#ended.values()].filter(({ at }) => now - at <= afterwardsMs);
  }

  #find(id: string, caller: Caller): Capture | Ended {
    const { access, live } = this.deps;
    const known = this.#running.get(id)?.capture ?? this.#shortlyEnded().find(({ shown }) => shown.id === id);
    if (known && access.seesCapture(known.wish, caller)) return known;
    if (known) throw captureNotFound(id);
    for (const { record } of live.view.services.values()) {
      if (record?.capture !== id || !record.receiver || !access.seesCapture(record, caller)) continue;
      throw captureElsewhere(id, record.receiver.server);
    }
    throw captureNotFound(id);
  }

  #shown(capture: Capture): ShownCapture {
    const { live, statusOf, server } = this.deps;
    const statuses = capture.parts.map(({ flow }) => {
      const record = live.view.flows.get(flow)?.record;
      return record ? statusOf(record) : null;
    });
    const [flow] = capture.parts.map((part) => live.view.flows.get(part.flow)?.record);
    return shownCapture(capture, statuses, flow?.consent, server);
  }
}

const stopping = () => unavailable('This server stops: try again.');
