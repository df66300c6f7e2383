import { isInPlace, keys, parseKey, prefixes, type ResourceKind } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import type { ClusterView } from '../view/cluster-view.js';
import type { Dirty } from '../view/dirty.js';
import { shelf } from '../view/shelf.js';

export interface MigrationStats {
  /** Taps that have gone from one node to another. */
  hand_overs: number;
  /** The longest time that one of them stood on no node, in ms, of those of which that is known. */
  longest_gap_ms: number;
}

/** A tap's part on a node. */
interface Part {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly node: string;
}

interface Lost {
  readonly from: string;
  /** Monotonic; null if nobody knows. */
  readonly at: number | null;
}

/** With more taps than this that stand nowhere, most of the cloud is down, and how long is no question of hand-overs. */
const maxLost = 10_000;

/**
 * Tells how long a tap that moved stood on no node: from when the old one said that it does not stand there any more to when
 * the new one said that it does, by this server's clock. Only for people: nothing is decided by it, and a new leader begins
 * anew. Of a node that died nobody knows when it stopped.
 */
export class MigrationLog {
  readonly stats: MigrationStats = { hand_overs: 0, longest_gap_ms: 0 };
  /** By tap: those that stood on a node and stand on none now. */
  readonly #lost = new Map<string, Lost>();
  /** Keys of states that say that a part stands, of nodes whose agent is gone. */
  readonly #silent = new Set<string>();

  constructor(
    private readonly view: ClusterView,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** To be told of each event, once the view has it. */
  take(dirty: Dirty): void {
    if (dirty.whole) this.#begin();
    for (const [node, alive] of dirty.agents) {
      if (alive) this.#returned(node);
      else this.#silenced(node);
    }
    for (const { stands, ...part } of dirty.turns) {
      if (stands) this.#stands(part);
      else if (!this.#silent.delete(stateKey(part))) this.#ends(part, this.clock.monotonic());
    }
  }

  /** What happened while nobody looked is not known. */
  #begin(): void {
    this.#lost.clear();
    this.#silent.clear();
    for (const key of this.view.states.keys()) {
      const part = partOf(key);
      if (part && !this.view.agents.has(part.node) && this.#saysSo(part)) this.#silent.add(key);
    }
  }

  #silenced(node: string): void {
    for (const key of this.view.states.keys()) {
      const part = key.startsWith(prefixes.stateTaas(node)) ? partOf(key) : null;
      if (!part || !this.#saysSo(part)) continue;
      this.#ends(part, null);
      this.#silent.add(key);
    }
  }

  /** A node that is back stands for what it said, unless it was told meanwhile that it is over. */
  #returned(node: string): void {
    for (const key of this.#silent) {
      const part = partOf(key);
      if (part?.node !== node || this.#isOver(part)) continue;
      this.#silent.delete(key);
      this.#lost.delete(tapOf(part));
    }
  }

  #ends(part: Part, at: number | null): void {
    const to = this.#elsewhere(part);
    if (to !== undefined) {
      this.#tell(part, part.node, to, at === null ? null : 0);
      return;
    }
    if (this.#lost.size >= maxLost) this.#lost.clear();
    this.#lost.set(tapOf(part), { from: part.node, at });
  }

  #stands(part: Part): void {
    const lost = this.#lost.get(tapOf(part));
    this.#lost.delete(tapOf(part));
    if (!lost || lost.from === part.node) return;
    this.#tell(part, lost.from, part.node, lost.at === null ? null : this.clock.monotonic() - lost.at);
  }

  /** @param gap in ms; null if nobody knows */
  #tell({ kind, id }: Part, from: string, to: string, gap: number | null): void {
    const ms = gap === null ? null : Math.round(gap);
    this.stats.hand_overs += 1;
    this.stats.longest_gap_ms = Math.max(this.stats.longest_gap_ms, ms ?? 0);
    this.logger.info({ kind, id, from, to, gap_ms: ms }, 'a tap has moved to another node');
  }

  /** Another node where the tap stands. */
  #elsewhere({ kind, id, node }: Part): string | undefined {
    const published = shelf(this.view, kind).publishedOf(id);
    return published.find((each) => each.node !== node && this.view.agents.has(each.node) && this.#saysSo(each))?.node;
  }

  #saysSo(part: Part): boolean {
    return isInPlace(this.view.states.get(stateKey(part))?.record?.status);
  }

  #isOver({ kind, id, node }: Part): boolean {
    const key = keys.nodeResource(node, kind, id);
    const published = shelf(this.view, kind).published(key);
    return published?.record?.removed === true;
  }
}

const stateKey = ({ kind, id, node }: Part): string => keys.stateResource(node, kind, id);
const tapOf = ({ kind, id }: Part): string => `${kind}/${id}`;

function partOf(key: string): Part | null {
  const parsed = parseKey(key);
  return parsed.is === 'state-resource' ? parsed : null;
}
