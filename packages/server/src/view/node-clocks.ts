import type { ClusterView } from './cluster-view.js';
import type { Dirty } from './dirty.js';

/** By the times in their heartbeats, how far the clocks of nodes are from ours. */
export class NodeClocks {
  /** By node, in ms. */
  readonly #ahead = new Map<string, number>();

  /**
   * Takes over what an event said. A heartbeat of a snapshot was written at some time before, and tells nothing.
   * @param now in ms since 1970
   */
  take({ heartbeats }: Pick<ClusterView, 'heartbeats'>, dirty: Pick<Dirty, 'whole' | 'heard' | 'agents'>, now: number) {
    if (dirty.whole) return;
    for (const [node, there] of dirty.agents) if (!there) this.#ahead.delete(node);
    for (const node of dirty.heard) {
      const at = heartbeats.get(node)?.at ?? null;
      if (at !== null) this.#ahead.set(node, at - now);
    }
  }

  /** Less than it is by as long as the heartbeat was on its way; null if none was heard. */
  aheadMs(node: string): number | null {
    return this.#ahead.get(node) ?? null;
  }
}
