import type { Readable } from 'node:stream';
import type { StatusView, TapFlowRecord } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import type { Store } from '@taas/store';
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
import type { TapTerms } from '../taps/terms/tap-terms.js';
import type { WriteBudget } from '../taps/write-budget.js';
import type { LiveView } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';
import type { Capture } from './capture.js';
import { CapturePlaces } from './capture-places.js';
import type { CaptureReceiver } from './capture-receiver.js';
import { captureConsent } from './capture-records.js';
import { captureWish, type FindFlow } from './capture-wish.js';
import { type EndedCapture, EndedCaptures } from './ended-captures.js';
import { FrameRoutes } from './frame-routes.js';
import { RunningCaptures } from './running-captures.js';
import { SharedSocket } from './shared-socket.js';
import { type ShownCapture, shownCapture } from './shown-capture.js';
import { startCapture } from './start-capture.js';

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
  /** Null: this server receives no captures. */
  readonly receiver: CaptureReceiver | null;
  readonly terms: TapTerms;
  readonly findFlow: FindFlow;
  /** Tells the audit trail that somebody reads a capture. */
  readonly tellRead: (capture: ReadCapture, what: CaptureReading) => Promise<void>;
  readonly behalves?: Behalves | undefined;
  /** How long a request may wait for the view, in ms. */
  readonly catchUpMs: number;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
}

/** How somebody reads a capture. */
export type CaptureReading = 'file' | 'packets';

/** What is told of a capture that is read. */
export type ReadCapture = Pick<Capture, 'id' | 'wish' | 'parts'>;

/** Where captures arrive, and how many may. */
interface Receiving {
  readonly receiver: CaptureReceiver;
  readonly socket: SharedSocket;
  readonly places: CapturePlaces;
}

/**
 * What clients ask of the captures that this server receives. Each is a tap service and a tap flow for every port and direction, admitted
 * as all others are; what differs is that they lead here.
 */
export class CaptureDesk {
  readonly #receiving: Receiving | null;
  readonly #running: RunningCaptures;
  readonly #ended: EndedCaptures;
  /** Those that are being made. */
  readonly #starts = new Set<Promise<unknown>>();
  #isStopped = false;

  constructor(private readonly deps: CaptureDeskDeps) {
    const { receiver, clock, logger } = deps;
    const routes = new FrameRoutes(receiver?.address ?? '');
    this.#receiving = receiver && {
      ...{ receiver, socket: new SharedSocket(receiver, routes, logger), places: new CapturePlaces(receiver.limits) },
    };
    this.#ended = new EndedCaptures(clock);
    this.#running = new RunningCaptures({
      ...{ ...deps, routes },
      ended: (capture) => this.#ended.remember(capture.wish, this.#shown(capture)),
    });
  }

  /** Ends all captures, as far as etcd can be asked. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#running.refuse();
    await Promise.allSettled(this.#starts);
    await this.#running.stop();
    await this.#receiving?.socket.close();
  }

  /** @throws NeutronError, in the words of tap flows where they are refused; StoreError */
  async create(json: unknown, caller: Caller): Promise<ShownCapture> {
    const { deps } = this;
    const wish = await captureWish(json, caller, deps.terms, deps.findFlow);
    deps.access.mayCapture(wish, caller);
    if (!this.#receiving)
      throw unavailable('This server receives no captures: the operator has not set captures.address.');
    const { receiver, socket, places } = this.#receiving;
    this.#checkOpen();
    deps.checkRoom();
    const release = places.take(wish.project_id, this.#running.projects());
    const making = { ...deps, receiver, openSocket: () => socket.open(), checkOpen: () => this.#checkOpen() };
    const start = startCapture(making, wish, caller, (admitted) =>
      this.#running.begin(admitted, receiver.limits.queueBytes),
    );
    this.#starts.add(start);
    try {
      return this.#shown(await start);
    } finally {
      this.#starts.delete(start);
      release();
    }
  }

  list(caller: Caller): readonly ShownCapture[] {
    const seen = <T extends Pick<Capture, 'wish'>>(all: readonly T[]) =>
      all.filter(({ wish }) => this.deps.access.seesCapture(wish, caller));
    const running = seen(this.#running.all()).map((each) => this.#shown(each));
    return [...running, ...seen(this.#ended.all()).map(({ shown }) => shown)];
  }

  /** @throws NeutronError 404; 409 for one that another server receives */
  show(id: string, caller: Caller): ShownCapture {
    const found = this.#find(id, caller);
    return 'shown' in found ? found.shown : this.#shown(found);
  }

  /** The file as it comes; also of one that has just ended, before anybody came. @throws as {@link show}; 409 if somebody reads it */
  async read(id: string, caller: Caller): Promise<Readable> {
    const found = this.#find(id, caller);
    const capture = 'shown' in found ? this.#running.draining(id) : found;
    if (!capture) throw captureNotFound(id);
    if (capture.isRead) throw captureHasReader(id);
    // Before a frame is given out.
    await this.deps.tellRead(capture, 'file');
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
    const capture = 'shown' in found ? this.#running.draining(id) : found;
    if (!capture) throw captureNotFound(id);
    if (capture.watch.isFullFor(caller.userId)) throw captureHasWatchers(id);
    if (!capture.watch.isToldOf(caller.userId)) await this.deps.tellRead(capture, 'packets');
    const stream = capture.watch.open(caller.userId);
    if (!stream) throw captureHasWatchers(id);
    return stream;
  }

  /** Ends it; one that has ended is not touched. @throws as {@link show}; NeutronError 403 */
  async remove(id: string, caller: Caller): Promise<void> {
    const found = this.#find(id, caller);
    this.deps.access.mayEndCapture(found.wish, caller);
    if (!('shown' in found)) await this.#running.end(found, 'a user has ended it');
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
    await live.reached(this.#running.revisionOf(id), catchUpMs);
    const { compare, operations } = captureConsent(found.parts, live.view, caller, clock.now());
    if (operations.length > 0) {
      const result = await store.transact({ compare, operations });
      if (!result.succeeded) throw tooContended();
      writes.note(result.revision);
      await live.reached(result.revision, catchUpMs);
    }
    return this.#shown(found);
  }

  /** @throws NeutronError 503 */
  #checkOpen(): void {
    if (this.#isStopped) throw unavailable('This server stops: try again.');
  }

  #find(id: string, caller: Caller): Capture | EndedCapture {
    const { access, live } = this.deps;
    const known = this.#running.find(id) ?? this.#ended.find(id);
    if (known && access.seesCapture(known.wish, caller)) return known;
    if (known) throw captureNotFound(id);
    for (const { record } of live.view.services.values()) {
      if (record?.capture !== id || !record.receiver || !access.seesCapture(record, caller)) continue;
      throw captureElsewhere(id, record.receiver.server);
    }
    throw captureNotFound(id);
  }

  #shown(capture: Capture): ShownCapture {
    const { live, statusOf, receiver } = this.deps;
    const statuses = capture.parts.map(({ flow }) => {
      const record = live.view.flows.get(flow)?.record;
      return record ? statusOf(record) : null;
    });
    const [flow] = capture.parts.map((part) => live.view.flows.get(part.flow)?.record);
    return shownCapture(capture, statuses, flow?.consent, receiver?.server ?? '');
  }
}
