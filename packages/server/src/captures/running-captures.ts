import type { Clock, Logger } from '@taas/service';
import type { Lease, Store } from '@taas/store';
import type { Behalves } from '../auth/actor.js';
import type { Dirty } from '../view/dirty.js';
import type { LiveView } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';
import { Capture } from './capture.js';
import { captureRemoval } from './capture-records.js';
import type { FrameRoutes } from './frame-routes.js';
import type { AdmittedCapture } from './start-capture.js';

export interface RunningCapturesDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly writes: OwnWrites;
  readonly behalves?: Behalves | undefined;
  /** Which frames are whose. */
  readonly routes: FrameRoutes;
  /** Told of each that has ended, before anything of it is gone. */
  readonly ended: (capture: Capture) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A capture, and what it has in etcd. */
interface Running {
  readonly capture: Capture;
  readonly lease: Lease;
  /** Revision at which its records were written. */
  readonly revision: number;
  readonly done: Promise<void>;
}

/** How long readers may take the rest when the server stops, in ms. */
const stopMs = 2_000;

/**
 * The captures that are received here, from when they have been let in until nobody reads them any more. All that a capture has in
 * etcd hangs on a lease of its own, which this server alone keeps alive.
 */
export class RunningCaptures {
  readonly #running = new Map<string, Running>();
  /** That have ended, and whose file somebody reads yet, or may: they hold memory, and so a place. */
  readonly #draining = new Map<string, Capture>();
  readonly #unsubscribe: () => void;
  #isStopped = false;

  constructor(private readonly deps: RunningCapturesDeps) {
    this.#unsubscribe = deps.live.subscribe((dirty) => this.#take(dirty));
  }

  all(): readonly Capture[] {
    return [...this.#running.values()].map(({ capture }) => capture);
  }

  find(id: string): Capture | undefined {
    return this.#running.get(id)?.capture;
  }

  /** One that has ended, and whose file nobody has taken yet. */
  draining(id: string): Capture | undefined {
    return this.#draining.get(id);
  }

  /** The project of each that holds a place. */
  projects(): readonly string[] {
    return [...this.all(), ...this.#draining.values()].map(({ wish }) => wish.project_id);
  }

  /** The revision at which the records of one were written; 0 for one that does not run. */
  revisionOf(id: string): number {
    return this.#running.get(id)?.revision ?? 0;
  }

  /** Receives from now on. @param queueBytes what is kept of what the client has not taken yet */
  begin(admitted: AdmittedCapture, queueBytes: number): Capture {
    const { clock, live, routes } = this.deps;
    const { lease, revision, socket, ...given } = admitted;
    let cleared: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      cleared = resolve;
    });
    const options = { ...given, queueBytes, clock, kernelDrops: () => socket.drops() };
    const capture = new Capture(options, (over) => {
      void this.#clear(over, lease).finally(cleared);
    });
    this.#running.set(capture.id, { capture, lease, revision, done });
    lease.lost.addEventListener('abort', () => void capture.end('its lease in etcd is lost'), { once: true });
    if (this.#isStopped || lease.lost.aborted) void capture.end('the server stops');
    routes.set(capture, live.view);
    void capture.run();
    return capture;
  }

  /** Resolves when it has been taken out of etcd, as far as etcd can be asked. */
  async end(capture: Capture, because: string): Promise<void> {
    const done = this.#running.get(capture.id)?.done;
    await capture.end(because);
    await done;
  }

  /** What is about to begin ends at once. */
  refuse(): void {
    this.#isStopped = true;
  }

  /** Ends all, and gives readers a moment to take the rest. */
  async stop(): Promise<void> {
    this.refuse();
    await Promise.all(this.all().map((capture) => this.end(capture, 'the server stops')));
    const enough = new AbortController();
    const waited = this.deps.clock.sleep(stopMs, enough.signal).catch(() => undefined);
    await Promise.race([waited, Promise.all([...this.#draining.values()].map(({ closed }) => closed))]);
    enough.abort();
    for (const capture of this.#draining.values()) capture.abandon();
    this.#unsubscribe();
  }

  /** Takes a capture that has ended out of etcd. What cannot be written now goes with the lease. */
  async #clear(capture: Capture, lease: Lease): Promise<void> {
    const { store, writes, behalves, routes, logger } = this.deps;
    routes.forget(capture);
    this.#running.delete(capture.id);
    this.deps.ended(capture);
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

  /** Nodes may have been told otherwise, or the taps of a capture may be gone. */
  #take(dirty: Dirty): void {
    const { live, routes } = this.deps;
    for (const { capture, revision } of this.#running.values()) {
      if (!dirty.whole && !capture.parts.some(({ service }) => dirty.services.has(service))) continue;
      routes.set(capture, live.view);
      const isThere = capture.parts.some(({ flow }) => live.view.flows.has(flow));
      if (!isThere && live.view.revision >= revision) void capture.end('what it captured was deleted');
    }
  }
}
