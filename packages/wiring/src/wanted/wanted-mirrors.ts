import type { NodeTapMirror } from '@taas/model';
import { canonicalAddress } from '../node-facts.js';

/** A record as the node was told it, tombstones included, with etcd's mod revision. */
export interface WantedMirror {
  readonly record: NodeTapMirror;
  readonly revision: number;
}

/** The tap mirrors that the node was told of; what VPP has of an unreadable one is left as it is. */
export class WantedMirrors {
  readonly #mirrors = new Map<string, WantedMirror>();
  readonly #unreadable = new Set<string>();
  #changes = 0;

  /** Another number whenever anything was put or taken away since. */
  get changes(): number {
    return this.#changes;
  }

  set(mirror: WantedMirror): void {
    this.#changes += 1;
    this.#mirrors.set(mirror.record.id, mirror);
    this.#unreadable.delete(mirror.record.id);
  }

  setUnreadable(id: string): void {
    this.delete(id);
    this.#unreadable.add(id);
  }

  delete(id: string): void {
    this.#changes += 1;
    this.#mirrors.delete(id);
    this.#unreadable.delete(id);
  }

  get(id: string): WantedMirror | undefined {
    return this.#mirrors.get(id);
  }
  all(): Iterable<WantedMirror> {
    return this.#mirrors.values();
  }
  ids(): Set<string> {
    return new Set(this.#mirrors.keys());
  }
  isUnreadable(id: string): boolean {
    return this.#unreadable.has(id);
  }

  /** Where these mirrors send to, each address once. */
  remotes(ids: Iterable<string>): Set<string> {
    const found = new Set<string>();
    for (const id of ids) {
      const record = this.#mirrors.get(id)?.record;
      if (record && !record.removed) found.add(canonicalAddress(record.remote));
    }
    return found;
  }
}
