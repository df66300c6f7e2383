import type { ResourceKind } from '@taas/model';
import { Latest } from '@taas/service';
import type { ClusterView } from '../view/cluster-view.js';
import type { Dirty } from '../view/dirty.js';
import { shelf } from '../view/shelf.js';

/** A tap that may be shown otherwise than before. */
export interface Change {
  readonly kind: ResourceKind;
  readonly id: string;
  /** Whose it is, or was. */
  readonly project: string;
  /** It stands for more than are told. */
  readonly many?: true;
}

/** What has changed since a place; null where that is not known any more, or is too much to be told one by one. */
export interface Since {
  readonly changes: readonly Change[] | null;
  /** The place from which to ask the next time. */
  readonly place: string;
}

export interface JournalLimits {
  /** Changes that are remembered. */
  readonly kept: number;
  /** Changes that are told at once; of more, it is told that there are many. */
  readonly told: number;
}

export const usualJournalLimits: JournalLimits = { kept: 4_096, told: 100 };

/**
 * The latest changes of taps, in the order in which this server has seen them. A place in it holds for this server's life: a client
 * that comes from another one lists all anew.
 */
export class ChangeJournal {
  /** By kind and id. */
  readonly #changes: Latest<string, { readonly change: Change; readonly at: number }>;
  readonly #listeners = new Set<() => void>();
  #at = 0;
  /** Changes up to here are forgotten. */
  #base = 0;

  constructor(
    private readonly view: ClusterView,
    /** Of this server's life. */
    private readonly life: string,
    private readonly limits: JournalLimits = usualJournalLimits,
  ) {
    this.#changes = new Latest(limits.kept);
  }

  /** To be told of each event, once the view has it. */
  take(dirty: Dirty): void {
    this.#at += 1;
    if (dirty.whole) {
      // All may be otherwise.
      this.#changes.clear();
      this.#base = this.#at;
    } else {
      for (const id of dirty.services) {
        this.#note(dirty, 'tap_services', id);
        // Of more than are told one by one it is enough to know that there were many: nobody goes through ten thousand at each event.
        const large = this.view.flowsByService.count(id) > this.limits.told;
        if (large) this.#noteMany(dirty, id);
        else for (const flow of this.view.flowsByService.members(id)) this.#note(dirty, 'tap_flows', flow);
      }
      for (const id of dirty.mirrors) this.#note(dirty, 'tap_mirrors', id);
      for (const [id, kind] of dirty.taps) this.#note(dirty, kind, id);
    }
    for (const listener of [...this.#listeners]) listener();
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get place(): string {
    return `${this.life}.${this.#at}`;
  }

  /** @param project null: of all projects */
  since(place: string, project: string | null): Since {
    const [life, number = ''] = place.split('.');
    const from = /^\d{1,15}$/.test(number) ? Number(number) : -1;
    if (life !== this.life || from < this.#base || from > this.#at) return { changes: null, place: this.place };
    const changes: Change[] = [];
    for (const { change, at } of [...this.#changes.values()].reverse()) {
      if (at <= from) break;
      if (project !== null && change.project !== project) continue;
      changes.push(change);
      if (change.many || changes.length > this.limits.told) return { changes: null, place: this.place };
    }
    return { changes: changes.reverse(), place: this.place };
  }

  #note({ gone }: Dirty, kind: ResourceKind, id: string): void {
    const record = shelf(this.view, kind).byId.get(id)?.record;
    const project = record?.project_id ?? gone[kind].get(id);
    // What is a capture's is no tap to look at; what nobody has ever read is nobody's.
    if (project === undefined || (record && 'capture' in record && record.capture !== undefined)) return;
    this.#remember(`${kind}/${id}`, { kind, id, project });
  }

  /** All flows of a tap service. */
  #noteMany({ gone }: Dirty, service: string): void {
    const project = this.view.services.get(service)?.record?.project_id ?? gone.tap_services.get(service);
    if (project !== undefined)
      this.#remember(`many/${service}`, { kind: 'tap_services', id: service, project, many: true });
  }

  #remember(key: string, change: Change): void {
    const forgotten = this.#changes.put(key, { change, at: this.#at });
    if (forgotten) this.#base = forgotten.at;
  }
}
