import type { ResourceKind } from '@taas/model';
import type { KeyValue } from '@taas/store';

/** A node says that a tap stands there, or not any more. */
export interface Turn {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly node: string;
  readonly stands: boolean;
}

/** What an event was about: where the compiler has to look. */
export class Dirty {
  /** A snapshot has taken the place of all that was known: all may be otherwise, and nothing of it is named here. */
  whole = false;
  readonly services = new Set<string>();
  readonly mirrors = new Set<string>();
  /** Taps of which a record has changed, the API's or a node's: by id, what it is. */
  readonly taps = new Map<string, ResourceKind>();
  /** By kind and id: projects of taps that have no record of the API any more, or none that can be read. */
  readonly gone: Readonly<Record<ResourceKind, Map<string, string>>> = {
    tap_services: new Map(),
    tap_flows: new Map(),
    tap_mirrors: new Map(),
  };
  /** Ports of which a use may have begun or ended, or what is written of them has changed. */
  readonly ports = new Set<string>();
  /** Nodes whose tunnel addresses may have to be written down. */
  readonly nodes = new Set<string>();
  /** A segment was given back: tap services that wait for one may have it. */
  segmentsFreed = false;
  /** A node has no record of a tap mirror any more: others that wait for an ERSPAN session may have it. */
  sessionsFreed = false;
  /** Physical networks on which copies may travel now and might not before, or the other way round. */
  readonly physnets = new Set<string>();
  /** Keys whose records have become malformed, otherwise malformed, or right. */
  readonly problems = new Set<string>();
  /** In the order of the events. */
  readonly turns: Turn[] = [];
  /** Whether a node's agent is there now, of those of which that was said. */
  readonly agents = new Map<string, boolean>();
  /** Nodes whose agents have just shown that they live. */
  readonly heard = new Set<string>();
  /**
   * By key: what nodes have counted of taps; null for what is gone. The view keeps none of it: it changes every few seconds while
   * somebody looks, and nobody but who asked for it reads it.
   */
  readonly statistics = new Map<string, KeyValue | null>();
  /** The leading server has shown that it lives, and so that etcd takes what is written. */
  leaderHeard = false;
}
