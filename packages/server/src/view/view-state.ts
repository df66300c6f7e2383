import { heartbeatCapability, prefixes } from '@taas/model';
import { atOnce, type Sliced } from '@taas/service';
import type { FollowEvent, KeyValue, Revision } from '@taas/store';
import { Dirty } from './dirty.js';
import { markAgentDirty } from './mark-dirty.js';
import { ViewTables } from './view-tables.js';
import { ViewUpdate } from './view-update.js';

/** Records read before a snapshot's reader yields: less than a millisecond's worth. */
const batch = 16;

/** The tables at `revision`, whole: readers between two events see no half-applied transaction. */
export class ViewState extends ViewTables {
  /** Takes over an event of the store. @returns what it was about */
  apply(event: Exclude<FollowEvent, { kind: 'stale' }>): Dirty {
    if (event.kind === 'snapshot') {
      return this.adopt(atOnce(this.read([...event.entries])), event.revision);
    }
    const update = new ViewUpdate(this, false);
    for (const change of event.changes) {
      if (change.kind === 'put') update.put(change.entry);
      else update.delete(change.key);
    }
    this.revision = event.revision;
    this.#lookAtTapped(update.dirty);
    return update.dirty;
  }

  /**
   * Reads a snapshot into a view of its own, and yields now and then, so that a large one need not stop the process.
   * @param entries is empty afterwards: a large snapshot and the view of it are never there at once, both whole
   */
  *read(entries: KeyValue[]): Sliced<ViewState> {
    const view = new ViewState(this.places.from, this.owners);
    // What a part was about is of use for the view's own indices alone, and is not kept for all.
    let update = new ViewUpdate(view, true);
    const partEnds = () => {
      view.#lookAtTapped(update.dirty);
      update = new ViewUpdate(view, true);
    };
    // API records first: they tell to which tap service the rest belongs.
    for (const [index, entry] of entries.entries()) {
      if (entry.key.startsWith(prefixes.api)) update.put(entry);
      if (index % batch !== batch - 1) continue;
      partEnds();
      yield;
    }
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      if (!entry.key.startsWith(prefixes.api)) update.put(entry);
      if (entries.length % batch !== 0) continue;
      partEnds();
      yield;
    }
    return view;
  }

  /** Becomes what another view is, at once. @returns that everything may be otherwise */
  adopt(other: ViewState, revision: Revision): Dirty {
    Object.assign(this, other);
    this.revision = revision;
    const dirty = new Dirty();
    dirty.whole = true;
    return dirty;
  }

  #lookAtTapped({ ports }: Dirty): void {
    for (const port of ports) this.tapped.look(this, port);
  }

  /**
   * An agent whose heartbeat has stopped is gone, whoever keeps its lease alive, until it is heard again.
   * @param dirty is told what depends on it
   */
  silence(node: string, dirty: Dirty): void {
    const entry = this.agents.get(node);
    if (!entry?.record?.capabilities.includes(heartbeatCapability)) return;
    this.agents.delete(node);
    this.silent.set(node, entry);
    markAgentDirty(dirty, this, node, false);
  }
}
