import { keys } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Store } from '@taas/store';
import { NeutronError } from '../../errors/neutron-error.js';
import { type LiveView, ViewBehindError } from '../../view/live-view.js';
import type { OwnWrites } from '../../view/own-writes.js';
import { LingeringError } from './lingering.js';

export interface RecheckDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly writes: OwnWrites;
  readonly clock: Clock;
  /** How long a request may wait for the view to show what this replica has written, in ms. */
  readonly catchUpMs: number;
  /** How long a request may wait for what is being deleted, in ms; 0: not at all. */
  readonly lingerMs: number;
}

/** For what another replica has written a moment ago; a revision of something that nobody follows never comes, in ms. */
const othersMs = 100;
/** Requests of one project, and of all, that wait for something to go. Who comes after them is told at once. */
const mostOfProject = 16;
const mostOfAll = 256;
const attempts = 5;

/**
 * Refuses only for what is still so. Admission compares in etcd what it has seen in the view, so it need not wait for the
 * view to let something in; but what stood in the way may be gone already, here or on another replica, or on its way out.
 */
export class Recheck {
  readonly #waiting = new Map<string, number>();
  #all = 0;

  constructor(private readonly deps: RecheckDeps) {}

  /**
   * @param commit lets something in, or throws why not; writes nothing if it throws an error below 500
   * @throws as `commit`; ViewBehindError
   */
  async run(project: string, commit: () => Promise<number>): Promise<number> {
    const { live, writes, catchUpMs } = this.deps;
    const behind = live.view.revision < writes.revision;
    try {
      return await commit();
    } catch (error) {
      if (!(error instanceof NeutronError) || error.status >= 500) throw error;
      if (!behind && error.status !== 409) throw error;
    }
    await live.reached(writes.revision, catchUpMs);
    await this.#others();
    return this.#patiently(project, commit);
  }

  async #patiently(project: string, commit: () => Promise<number>): Promise<number> {
    const { clock, lingerMs } = this.deps;
    const deadline = clock.monotonic() + lingerMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await commit();
      } catch (error) {
        const left = deadline - clock.monotonic();
        if (!(error instanceof LingeringError) || left <= 0 || attempt === attempts) throw error;
        if (!(await this.#wait(project, error, left))) throw error;
      }
    }
  }

  /** @returns false at once if too many wait already */
  async #wait(project: string, { isGone }: LingeringError, ms: number): Promise<boolean> {
    const own = this.#waiting.get(project) ?? 0;
    if (own >= mostOfProject || this.#all >= mostOfAll) return false;
    this.#waiting.set(project, own + 1);
    this.#all += 1;
    try {
      return await this.deps.live.until(isGone, ms);
    } finally {
      const rest = (this.#waiting.get(project) ?? 1) - 1;
      if (rest > 0) this.#waiting.set(project, rest);
      else this.#waiting.delete(project);
      this.#all -= 1;
    }
  }

  /** Waits a moment for what others have written up to now. */
  async #others(): Promise<void> {
    const { store, live } = this.deps;
    const { revision } = await store.list(keys.leader);
    try {
      await live.reached(revision, othersMs);
    } catch (error) {
      if (!(error instanceof ViewBehindError)) throw error;
    }
  }
}
