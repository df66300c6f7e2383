import type { NodeTapFlow, NodeTapService, ResourceKind } from '@taas/model';
import { IndexOf } from './index-of.js';
import { WantedMirrors } from './wanted-mirrors.js';

/** A record as the node was told it, tombstones included, with etcd's mod revision. */
export interface WantedService {
  readonly record: NodeTapService;
  readonly revision: number;
}
export interface WantedFlow {
  readonly record: NodeTapFlow;
  readonly revision: number;
}

/**
 * All taps that the node was told of. An `unreadable` tap has a record that cannot be used: what VPP has of it is left as
 * it is, because nobody can tell what it should be.
 */
export class Wanted {
  readonly #services = new Map<string, WantedService>();
  readonly #flows = new Map<string, WantedFlow>();
  readonly #flowsOf = new IndexOf<string, string>();
  /** By service and source port. */
  readonly #siblings = new IndexOf<string, string>();
  readonly mirrors = new WantedMirrors();
  readonly #unreadableServices = new Set<string>();
  /** With the record as it was last, if this run has seen one that could be read. */
  readonly #unreadableFlows = new Map<string, WantedFlow | null>();
  #changes = 0;

  /** Another number whenever anything was put or taken away since. */
  get changes(): number {
    return this.#changes + this.mirrors.changes;
  }

  setService(service: WantedService): void {
    this.#changes += 1;
    this.#services.set(service.record.id, service);
    this.#unreadableServices.delete(service.record.id);
  }

  setFlow(flow: WantedFlow): void {
    this.deleteFlow(flow.record.id);
    this.#flows.set(flow.record.id, flow);
    this.#index(flow.record);
  }

  setUnreadableService(id: string): void {
    this.deleteService(id);
    this.#unreadableServices.add(id);
  }

  /** @param last the flow's record as it was when it could be read, if it ever could */
  setUnreadableFlow(id: string, last = this.lastKnown(id)): void {
    this.deleteFlow(id);
    this.#unreadableFlows.set(id, last ?? null);
    if (last) this.#index(last.record);
  }

  deleteService(id: string): void {
    this.#changes += 1;
    this.#services.delete(id);
    this.#unreadableServices.delete(id);
  }

  deleteFlow(id: string): void {
    this.#changes += 1;
    const old = this.lastKnown(id);
    if (old) {
      this.#flowsOf.delete(old.record.tap_service_id, id);
      this.#siblings.delete(siblingKey(old.record), id);
    }
    this.#flows.delete(id);
    this.#unreadableFlows.delete(id);
  }

  service(id: string): WantedService | undefined {
    return this.#services.get(id);
  }
  flow(id: string): WantedFlow | undefined {
    return this.#flows.get(id);
  }
  /** The flow's record, or what it was before it became unreadable. */
  lastKnown(id: string): WantedFlow | undefined {
    return this.#flows.get(id) ?? this.#unreadableFlows.get(id) ?? undefined;
  }
  services(): Iterable<WantedService> {
    return this.#services.values();
  }
  flows(): Iterable<WantedFlow> {
    return this.#flows.values();
  }
  flowsOf(service: string): Iterable<string> {
    return this.#flowsOf.get(service);
  }
  isUnreadable(kind: 'tap_services' | 'tap_flows', id: string): boolean {
    return (kind === 'tap_services' ? this.#unreadableServices : this.#unreadableFlows).has(id);
  }

  /**
   * The flows from the same source to the same service, itself and unreadable ones among them: together they copy each
   * packet once.
   */
  siblingsOf(flow: Pick<NodeTapFlow, 'tap_service_id' | 'source_port'>): ReadonlySet<string> {
    return this.#siblings.get(siblingKey(flow));
  }

  /** Another number whenever one of a service's flows is another since, or has another record. */
  flowsStamp(service: string): number {
    return this.#flowsOf.stampOf(service);
  }

  /** The same of {@link siblingsOf}. */
  siblingsStamp(flow: Pick<NodeTapFlow, 'tap_service_id' | 'source_port'>): number {
    return this.#siblings.stampOf(siblingKey(flow));
  }

  #index(record: NodeTapFlow): void {
    this.#flowsOf.add(record.tap_service_id, record.id);
    this.#siblings.add(siblingKey(record), record.id);
  }

  /** Every service that is wanted here or that a flow is wanted for. */
  serviceIds(): Set<string> {
    const ids = new Set(this.#services.keys());
    for (const { record } of this.#flows.values()) ids.add(record.tap_service_id);
    return ids;
  }

  /** Whether the node has a record of the tap, be it one that cannot be read. */
  knows(kind: ResourceKind, id: string): boolean {
    if (kind === 'tap_mirrors') return this.mirrors.get(id) !== undefined || this.mirrors.isUnreadable(id);
    const record = kind === 'tap_services' ? this.#services.get(id) : this.#flows.get(id);
    return record !== undefined || this.isUnreadable(kind, id);
  }
}

function siblingKey(flow: Pick<NodeTapFlow, 'tap_service_id' | 'source_port'>): string {
  return `${flow.tap_service_id}/${flow.source_port.toLowerCase()}`;
}
