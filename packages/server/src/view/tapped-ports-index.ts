import type { ClusterView } from './cluster-view.js';
import { ownerOf } from './port-owner.js';

const none: ReadonlySet<string> = new Set();

/** The ports that somebody copies, found by whose they are. */
export class TappedPortsIndex {
  readonly #owner = new Map<string, string | null>();
  readonly #byOwner = new Map<string | null, Set<string>>();

  /** To be told of each port of which a use has begun or ended, or what is written of it has changed; once the view has that. */
  look(view: ClusterView, port: string): void {
    const before = this.#owner.get(port);
    const isTapped = view.flowsByPort.count(port) > 0 || view.mirrors.byPort.count(port) > 0;
    const owner = isTapped ? ownerOf(view, port) : undefined;
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

  /** Of one project; null: those of which nobody has said whose they are. */
  ofProject(project: string | null): ReadonlySet<string> {
    return this.#byOwner.get(project) ?? none;
  }

  all(): IterableIterator<string> {
    return this.#owner.keys();
  }
}
