import { isInPlace } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import type { ClusterView } from '../view/cluster-view.js';
import type { Dirty } from '../view/dirty.js';
import type { NodeState } from '../view/node-states.js';
import { shelf } from '../view/shelf.js';
import type { TapPart } from '../view/tap-part.js';

export interface MigrationStats {
  /** Taps that have gone from one node to another. */
  hand_overs: number;
  /** The longest time that one of them stood on no node, in ms, of those of which that is known. */
  longest_gap_ms: number;
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
  /** By node whose agent is gone: parts of which the node has said that they stand. */
  readonly #silent = new Map<string, Map<string, TapPart>>();

  constructor(
    private readonly view: ClusterView,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** To be told of each event, once the view has it. */
  take(dirty: Dirty): void {
    if (dirty.whole) this.begin();
    for (const [node, alive] of dirty.agents) {
      if (alive) this.#returned(node);
      else this.#silenced(node);
    }
    for (const { stands, ...part } of dirty.turns) {
      if (stands) this.#stands(part);
      else if (!this.#silent.get(part.node)?.delete(tapOf(part))) this.#ends(part, this.clock.monotonic());
    }
  }

  /** What happened while nobody looked is not known. */
  begin(): void {
    this.#lost.clear();
    this.#silent.clear();
    for (const node of this.view.states.nodes()) {
      if (this.view.agents.has(node)) continue;
      for (const part of this.view.states.onNode(node)) if (saysSo(part)) this.#fallsSilent(part);
    }
  }

  #silenced(node: string): void {
    for (const part of this.view.states.onNode(node)) {
      if (!saysSo(part)) continue;
      this.#ends(part, null);
      this.#fallsSilent(part);
    }
  }

  #fallsSilent(part: TapPart): void {
    const { node, kind, id } = part;
    const silent = this.#silent.get(node) ?? new Map<string, TapPart>();
    this.#silent.set(node, silent.set(tapOf(part), { node, kind, id }));
  }

  /** A node that is back stands for what it said, unless it was told meanwhile that it is over. */
  #returned(node: string): void {
    const silent = this.#silent.get(node);
    if (!silent) return;
    for (const [tap, part] of silent) {
      if (this.#isOver(part)) continue;
      silent.delete(tap);
      this.#lost.delete(tap);
    }
    if (silent.size === 0) this.#silent.delete(node);
  }

  #ends(part: TapPart, at: number | null): void {
    const to = this.#elsewhere(part);
    if (to !== undefined) {
      this.#tell(part, part.node, to, at === null ? null : 0);
      return;
    }
    if (this.#lost.size >= maxLost) this.#lost.clear();
    this.#lost.set(tapOf(part), { from: part.node, at });
  }

  #stands(part: TapPart): void {
    const lost = this.#lost.get(tapOf(part));
    this.#lost.delete(tapOf(part));
    if (!lost || lost.from === part.node) return;
    this.#tell(part, lost.from, part.node, lost.at === null ? null : this.clock.monotonic() - lost.at);
  }

  /** @param gap in ms; null if nobody knows */
  #tell({ kind, id }: TapPart, from: string, to: string, gap: number | null): void {
    const ms = gap === null ? null : Math.round(gap);
    this.stats.hand_overs += 1;
    this.stats.longest_gap_ms = Math.max(this.stats.longest_gap_ms, ms ?? 0);
    this.logger.info({ kind, id, from, to, gap_ms: ms }, 'a tap has moved to another node');
  }

  /** Another node where the tap stands. */
  #elsewhere({ kind, id, node }: TapPart): string | undefined {
    const published = shelf(this.view, kind).publishedOf(id);
    const stands = (at: TapPart) => saysSo(this.view.states.get(at));
    return published.find((each) => each.node !== node && this.view.agents.has(each.node) && stands(each))?.node;
  }

  #isOver(part: TapPart): boolean {
    const published = shelf(this.view, part.kind).published(part);
    return published?.record?.removed === true;
  }
}

const tapOf = ({ kind, id }: TapPart): string => `${kind}/${id}`;

const saysSo = (state: NodeState | undefined): boolean => isInPlace(state?.record?.status);
