import { type NodeTapFlow, type NodeTapService, nodeTapFlowCodec, nodeTapServiceCodec, RecordError } from '@taas/model';
import type { KeyValue } from '@taas/store';
import type { NodeEntry, ServiceKind } from './entry.js';
import { Groups } from './groups.js';
import { believed, ownId } from './record-value.js';

export interface NodeRecordChange {
  /** Tap services that it belonged or belongs to. */
  readonly services: readonly string[];
  /** The project that the record names for its service. */
  readonly project?: { readonly service: string; readonly id: string };
  readonly readable: boolean;
}

/** What the nodes are told, found by tap service, by flow and by node. */
export class NodeRecordIndex {
  readonly #byKey = new Map<string, NodeEntry>();
  readonly #serviceOf = new Map<string, string>();
  readonly #byService = new Groups<string, string>();
  /** Each tap's own records, flows and services apart. */
  readonly #byTap = { tap_services: new Groups<string, string>(), tap_flows: new Groups<string, string>() };
  readonly #byNode = new Groups<string, string>();
  /** Malformed flow records of which nobody knows the tap service. */
  readonly #orphans = new Set<string>();

  /**
   * @param knownService the tap service that the API's records say the tap belongs to, for a malformed record
   * @param report is told what is wrong with a malformed record
   */
  set(
    at: { readonly node: string; readonly kind: ServiceKind; readonly id: string },
    key: string,
    kv: KeyValue | undefined,
    knownService: string | undefined,
    report: (error: RecordError) => void,
  ): NodeRecordChange {
    const before = this.#serviceOf.get(key);
    const dirty = before === undefined ? [] : [before];
    if (!kv) {
      this.#forget(key, at);
      return { services: dirty, readable: true };
    }
    const record = parse(at, kv, report);
    const service = record ? serviceOf(record) : (before ?? knownService);
    const entry: NodeEntry = {
      key,
      revision: kv.modRevision,
      createRevision: kv.createRevision,
      value: kv.value,
      record,
      ...at,
    };
    this.#byKey.set(key, entry);
    this.#byNode.add(at.node, key);
    this.#byTap[at.kind].add(at.id, key);
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
    return this.#byKey.get(key);
  }

  ofService(service: string): readonly NodeEntry[] {
    return this.#entries(this.#byService.get(service));
  }

  countOfService(service: string): number {
    return this.#byService.count(service);
  }

  /** As {@link ofService}, one after the other: for who pauses in between. */
  *eachOfService(service: string): Generator<NodeEntry, void, void> {
    for (const key of this.#byService.members(service)) {
      const entry = this.#byKey.get(key);
      if (entry) yield entry;
    }
  }

  ofFlow(flow: string): readonly NodeEntry[] {
    return this.ofTap('tap_flows', flow);
  }

  /** What nodes were told about a tap itself. */
  ofTap(kind: ServiceKind, tap: string): readonly NodeEntry[] {
    return this.#entries(this.#byTap[kind].get(tap));
  }

  /** The tap service that a record belongs to, if that is known. */
  service(key: string): string | undefined {
    return this.#serviceOf.get(key);
  }

  servicesOfFlow(flow: string): Set<string> {
    return this.#services(this.#byTap.tap_flows.get(flow));
  }

  onNode(node: string): readonly NodeEntry[] {
    return this.#entries(this.#byNode.get(node));
  }

  services(): IterableIterator<string> {
    return this.#byService.keys();
  }

  #forget(key: string, at: { readonly node: string; readonly kind: ServiceKind; readonly id: string }): void {
    const service = this.#serviceOf.get(key);
    if (service !== undefined) this.#byService.remove(service, key);
    this.#serviceOf.delete(key);
    this.#byKey.delete(key);
    this.#byTap[at.kind].remove(at.id, key);
    this.#byNode.remove(at.node, key);
    this.#orphans.delete(key);
  }

  #services(keys: Iterable<string>): Set<string> {
    const found = new Set<string>();
    for (const key of keys) {
      const service = this.#serviceOf.get(key);
      if (service !== undefined) found.add(service);
    }
    return found;
  }

  #entries(keys: Iterable<string>): NodeEntry[] {
    const found: NodeEntry[] = [];
    for (const key of keys) {
      const entry = this.#byKey.get(key);
      if (entry) found.push(entry);
    }
    return found;
  }
}

function parse(
  at: { readonly kind: ServiceKind; readonly id: string },
  kv: KeyValue,
  report: (error: RecordError) => void,
): NodeTapService | NodeTapFlow | null {
  try {
    const codec = at.kind === 'tap_services' ? nodeTapServiceCodec : nodeTapFlowCodec;
    return ownId(at.id, kv.key, codec.parse(kv.key, believed(kv)));
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    report(error);
    return null;
  }
}

/** The tap service that a node's record belongs to. */
function serviceOf(record: NodeTapService | NodeTapFlow): string {
  return 'tap_service_id' in record ? record.tap_service_id : record.id;
}
