import { keys, type ResourceKind, type TapState } from '@taas/model';
import type { Revision } from '@taas/store';
import type { Entry } from './entry.js';
import type { TapPart } from './tap-part.js';

/** What a node reports of a tap. Its key is made when somebody asks: there are as many as parts of taps, and each key has 80 characters. */
export class NodeState implements Entry<TapState>, TapPart {
  constructor(
    readonly node: string,
    readonly kind: ResourceKind,
    readonly id: string,
    readonly revision: Revision,
    readonly createRevision: Revision,
    readonly record: TapState | null,
  ) {}

  get key(): string {
    return keys.stateResource(this.node, this.kind, this.id);
  }
}

type OnNode = Readonly<Record<ResourceKind, Map<string, NodeState>>>;

/** What nodes report of taps: what one node says is found without looking at the others. */
export class NodeStates {
  readonly #byNode = new Map<string, OnNode>();

  get({ node, kind, id }: TapPart): NodeState | undefined {
    return this.#byNode.get(node)?.[kind].get(id);
  }

  set(state: NodeState): void {
    const there = this.#byNode.get(state.node) ?? {
      tap_services: new Map(),
      tap_flows: new Map(),
      tap_mirrors: new Map(),
    };
    this.#byNode.set(state.node, there);
    there[state.kind].set(state.id, state);
  }

  delete({ node, kind, id }: TapPart): void {
    const there = this.#byNode.get(node);
    if (!there) return;
    there[kind].delete(id);
    if (there.tap_services.size + there.tap_flows.size + there.tap_mirrors.size === 0) this.#byNode.delete(node);
  }

  /** Nodes that have reported anything. */
  nodes(): Iterable<string> {
    return this.#byNode.keys();
  }

  *onNode(node: string): Generator<NodeState, void, void> {
    const there = this.#byNode.get(node);
    if (!there) return;
    yield* there.tap_services.values();
    yield* there.tap_flows.values();
    yield* there.tap_mirrors.values();
  }

  *all(): Generator<NodeState, void, void> {
    for (const node of this.#byNode.keys()) yield* this.onNode(node);
  }
}
