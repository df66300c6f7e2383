import type { ClusterView } from '../view/cluster-view.js';
import type { Dirty } from '../view/dirty.js';
import { everything } from '../view/mark-dirty.js';
import { ownerOf } from '../view/port-owner.js';

const none: ReadonlySet<string> = new Set();

/** The ports that somebody copies, found by whose they are. */
export class TappedPortsIndex {
  readonly #owner = new Map<string, string | null>();
  readonly #byOwner = new Map<string | null, Set<string>>();

  constructor(private readonly view: ClusterView) {}

  /** To be told of each event, once the view has it. */
  take(dirty: Dirty): void {
    if (dirty.whole) {
      this.#owner.clear();
      this.#byOwner.clear();
      for (const port of everything(this.view).ports) this.#look(port);
    }
    for (const port of dirty.ports) this.#look(port);
  }

  /** Of one project; null: those of which nobody has said whose they are. */
  ofProject(project: string | null): ReadonlySet<string> {
    return this.#byOwner.get(project) ?? none;
  }

  all(): IterableIterator<string> {
    return this.#owner.keys();
  }

  #look(port: string): void {
    const before = this.#owner.get(port);
    const isTapped = this.view.flowsByPort.count(port) > 0 || this.view.mirrors.byPort.count(port) > 0;
    const owner = isTapped ? ownerOf(this.view, port) : undefined;
    if (owner === before) return;
    if (before !== undefined) {
      const ports = this.#byOwner.get(before);
      ports?.delete(port);
      if (ports?.size === 0) this.#byOwner.delete(before);
      this.#owner.delete(port);
    }
    if (owner === undefined) return;
    this.#owner.set(port, owner);
    const ports = this.#byOwner.get(owner) ?? new Set();
    this.#byOwner.set(owner, ports.add(port));
  }
}
