import { parseKey, prefixes, type TapState, tapStateCodec } from '@taas/model';
import type { Store } from '@taas/store';

/** What agents tell of taps while somebody listens, in order: also what was true for a moment only. */
export class ReportedStates {
  readonly all: TapState[] = [];
  readonly #end = new AbortController();
  readonly #following: Promise<void>;

  private constructor(store: Store, nodes: readonly string[], listening: () => void) {
    this.#following = this.#follow(store, nodes, listening);
  }

  /** Resolves when everything that is told from now on is heard. */
  static async listen(store: Store, nodes: readonly string[]): Promise<ReportedStates> {
    let published: ReportedStates | undefined;
    await new Promise<void>((resolve) => {
      published = new ReportedStates(store, nodes, resolve);
    });
    if (!published) throw new Error('nobody listens');
    return published;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#following;
  }

  async #follow(store: Store, nodes: readonly string[], listening: () => void): Promise<void> {
    for await (const event of store.follow(nodes.map(prefixes.stateTaas), this.#end.signal)) {
      if (event.kind === 'snapshot') listening();
      if (event.kind !== 'changes') continue;
      for (const change of event.changes)
        if (change.kind === 'put' && parseKey(change.entry.key).is === 'state-resource')
          this.all.push(tapStateCodec.parse(change.entry.key, change.entry.value));
    }
  }
}
