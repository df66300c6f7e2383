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
import { type PublishedEntry, PublishedRecords } from './published-records.js';
import type { TapPart } from './tap-part.js';

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
  readonly #byService = new Groups<string, NodeEntry>();
  /** Malformed flow records of which nobody knows the tap service. */
  readonly #orphans = new Set<NodeEntry>();

  /**
   * @param knownService the tap service that the API's records say the tap belongs to, for a malformed record
   * @param report is told what is wrong with a malformed record
   */
  set(
    at: TapPart<ServiceKind>,
    kv: KeyValue | undefined,
    knownService: string | undefined,
    report: (error: RecordError) => void,
  ): NodeRecordChange {
    const published = this.#published[at.kind];
    const before = published.get(at);
    if (before) this.#leave(before);
    const dirty = before?.service == null ? [] : [before.service];
    if (!kv) {
      published.forget(at);
      return { services: dirty, readable: true };
    }
    const { record, error } = published.read(at.id, kv);
    if (error) report(error);
    const named = record ? serviceOf(record) : (before?.service ?? knownService ?? null);
    // The same text again would be kept once for each record.
    const service = named === knownService ? knownService : named;
    const { now } = published.set(at, kv, record !== null, service);
    if (service === null) {
      this.#orphans.add(now);
      return { services: dirty, readable: false };
    }
    this.#byService.add(service, now);
    return {
      services: [...dirty, service],
      readable: record !== null,
      ...(record ? { project: { service, id: record.project_id } } : {}),
    };
  }

  #leave(entry: NodeEntry): void {
    if (entry.service !== null) this.#byService.remove(entry.service, entry);
    this.#orphans.delete(entry);
  }

  get orphans(): number {
    return this.#orphans.size;
  }

  get(at: TapPart<ServiceKind>): NodeEntry | undefined {
    return this.#published[at.kind].get(at);
  }

  ofService(service: string): readonly NodeEntry[] {
    return this.#byService.get(service);
  }

  countOfService(service: string): number {
    return this.#byService.count(service);
  }

  /** As {@link ofService}, one after the other: for who pauses in between. */
  eachOfService(service: string): Iterable<NodeEntry> {
    return this.#byService.members(service);
  }

  ofFlow(flow: string): readonly NodeEntry[] {
    return this.ofTap('tap_flows', flow);
  }

  /** What nodes were told about a tap itself. */
  ofTap(kind: ServiceKind, tap: string): readonly NodeEntry[] {
    return this.#published[kind].ofTap(tap);
  }

  servicesOfFlow(flow: string): Set<string> {
    return new Set(this.ofFlow(flow).flatMap(({ service }) => service ?? []));
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
