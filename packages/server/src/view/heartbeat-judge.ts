import type { Revision } from '@taas/store';
import type { ClusterView } from './cluster-view.js';
import type { Dirty } from './dirty.js';

/**
 * Periods without a heartbeat after which an agent is silent. There are two periods in the time of its lease: with a leader that is
 * heard each tenth of such a time, an agent counts as gone no later than by its lease. One beat may be late by 0.8 periods, which
 * is more than a call to an etcd member that is gone takes before the next one is tried.
 */
const patience = 1.8;

/** Of an agent that means to write heartbeats and has written none that can be read, in ms. */
const usualPeriodMs = 10_000;

interface Heard {
  readonly revision: Revision;
  /** By the judge's own time. */
  readonly at: number;
}

/**
 * Judges by their heartbeats which agents are silent. Its time is that in which etcd is known to have taken writes: it goes on
 * only with the leading server's heartbeats, by our own clock, and by no more than `gapMs` from one to the next. So agents
 * that could not write, because nobody could, are not taken for dead.
 */
export class HeartbeatJudge {
  readonly #heard = new Map<string, Heard>();
  readonly #silent = new Set<string>();
  #time = 0;
  #leaderHeardAt: number | null = null;

  /** @param gapMs the longest time between two heartbeats of the leader that counts, in ms */
  constructor(private readonly gapMs: number) {}

  /**
   * Takes over what an event said.
   * @param now monotonic, in ms
   * @returns the nodes whose agents count as there and are silent
   */
  take(view: ClusterView, dirty: Dirty, now: number): readonly string[] {
    if (dirty.whole) return this.#begin(view, now);
    for (const node of dirty.heard) {
      this.#heard.set(node, { revision: lastWritten(view, node), at: this.#time + this.#sinceLeader(now) });
      this.#silent.delete(node);
    }
    for (const [node, there] of dirty.agents) if (!there) this.#heard.delete(node);
    if (!dirty.leaderHeard) return [];
    this.#time += this.#sinceLeader(now);
    this.#leaderHeardAt = now;
    return [...view.agents.keys()].filter((node) => this.#isSilent(view, node));
  }

  /** What the judge's time would go on by if the leader were heard now. */
  #sinceLeader(now: number): number {
    return this.#leaderHeardAt === null ? 0 : Math.min(now - this.#leaderHeardAt, this.gapMs);
  }

  /** Nobody knows what has happened while etcd was out of sight: all have their whole time again, but for the silent. */
  #begin(view: ClusterView, now: number): readonly string[] {
    const nodes = [...view.agents.keys()];
    const still = nodes.filter(
      (node) => this.#silent.has(node) && this.#heard.get(node)?.revision === lastWritten(view, node),
    );
    this.#heard.clear();
    this.#silent.clear();
    for (const node of nodes) this.#heard.set(node, { revision: lastWritten(view, node), at: this.#time });
    for (const node of still) this.#silent.add(node);
    this.#leaderHeardAt = now;
    return still;
  }

  #isSilent(view: ClusterView, node: string): boolean {
    const heard = this.#heard.get(node);
    const periodMs = view.heartbeats.get(node)?.periodMs ?? usualPeriodMs;
    const silent = heard !== undefined && this.#time - heard.at > patience * periodMs;
    if (silent) this.#silent.add(node);
    return silent;
  }
}

/** When an agent last wrote something that shows that it lives. */
function lastWritten(view: ClusterView, node: string): Revision {
  return Math.max(view.agents.get(node)?.revision ?? 0, view.heartbeats.get(node)?.revision ?? 0);
}
