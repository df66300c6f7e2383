import {
  type NodeTapFlow,
  type NodeTapService,
  nodeTapFlowCodec,
  nodeTapServiceCodec,
  type RecordError,
} from '@taas/model';
import type { KeyValue } from '@taas/store';
import type { ServiceKind } from './entry.js';
import { Groups } from './groups.js';
import { type PublishedAt, type PublishedEntry, PublishedRecords } from './published-records.js';

export interface NodeRecordChange {
  /** Tap services that it belonged or belongs to. */
  readonly services: readonly string[];
  /** The project that the record names for its service. */
  readonly project?: { readonly service: string; readonly id: string };
  readonly readable: boolean;
}

/** What one node was told about one tap service or tap flow. */
export type NodeEntry = PublishedEntry<'tap_services', NodeTapService> | PublishedEntry<'tap_flows', NodeTapFlow>;

/** What nodes are told of tap services and flows; and which of it belongs together, since a service is compiled with its flows. */
export class NodeRecordIndex {
  readonly #published = {
    tap_services: new PublishedRecords('tap_services', nodeTapServiceCodec.parse),
    tap_flows: new PublishedRecords('tap_flows', nodeTapFlowCodec.parse),
  };
  readonly #serviceOf = new Map<string, string>();
  readonly #byService = new Groups<string, string>();
  /** Malformed flow records of which nobody knows the tap service. */
  readonly #orphans = new Set<string>();

  /**
   * @param knownService the tap service that the API's records say the tap belongs to, for a malformed record
   * @param report is told what is wrong with a malformed record
   */
  set(
    at: PublishedAt & { readonly kind: ServiceKind },
    key: string,
    kv: KeyValue | undefined,
    knownService: string | undefined,
    report: (error: RecordError) => void,
  ): NodeRecordChange {
    const published = this.#published[at.kind];
    const before = this.#serviceOf.get(key);
    const dirty = before === undefined ? [] : [before];
    if (!kv) {
      published.forget(at, key);
      if (before !== undefined) this.#byService.remove(before, key);
      this.#serviceOf.delete(key);
      this.#orphans.delete(key);
      return { services: dirty, readable: true };
    }
    const { record, error } = published.set(at, kv);
    if (error) report(error);
    const service = record ? serviceOf(record) : (before ?? knownService);
    if (before !== undefined && before !== service) this.#byService.remove(before, key);
    if (service === undefined) {
      this.#serviceOf.delete(key);
      this.#orphans.add(key);
      return { services: dirty, readable: false };
    }
    this.#orphans.delete(key);
    this.#serviceOf.set(key, service);
    this.#byService.add(service, key);
    return {
      services: [...dirty, service],
      readable: record !== null,
      ...(record ? { project: { service, id: record.project_id } } : {}),
    };
  }

  get orphans(): number {
    return this.#orphans.size;
  }

  get(key: string): NodeEntry | undefined {
    return this.#published.tap_flows.get(key) ?? this.#published.tap_services.get(key);
  }

  ofService(service: string): readonly NodeEntry[] {
    return [...this.eachOfService(service)];
  }

  countOfService(service: string): number {
    return this.#byService.count(service);
  }

  /** As {@link ofService}, one after the other: for who pauses in between. */
  *eachOfService(service: string): Generator<NodeEntry, void, void> {
    for (const key of this.#byService.members(service)) {
      const entry = this.get(key);
      if (entry) yield entry;
    }
  }

  ofFlow(flow: string): readonly NodeEntry[] {
    return this.ofTap('tap_flows', flow);
  }

  /** What nodes were told about a tap itself. */
  ofTap(kind: ServiceKind, tap: string): readonly NodeEntry[] {
    return this.#published[kind].ofTap(tap);
  }

  /** The tap service that a record belongs to, if that is known. */
  service(key: string): string | undefined {
    return this.#serviceOf.get(key);
  }

  servicesOfFlow(flow: string): Set<string> {
    return new Set(this.ofFlow(flow).flatMap(({ key }) => this.#serviceOf.get(key) ?? []));
  }

  onNode(node: string): readonly NodeEntry[] {
    return [...this.#published.tap_services.onNode(node), ...this.#published.tap_flows.onNode(node)];
  }

  services(): IterableIterator<string> {
    return this.#byService.keys();
  }
}

/** The tap service that a node's record belongs to. */
function serviceOf(record: NodeTapService | NodeTapFlow): string {
  return 'tap_service_id' in record ? record.tap_service_id : record.id;
}
